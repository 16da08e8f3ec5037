"""The widths in which the page can have a picture. static/js/render/srcset.js does the same."""

from chatsite.pictures.images import THUMBNAIL_WIDTH
from chatsite.pictures.storage.names import WIDTHS


def srcset(image: str, thumbnail: str, width: int) -> str:
    """Empty when there is but one. `width` is the picture's own, in pixels."""
    if thumbnail.startswith(f"{image}?"):
        smaller = [(f"{image}?w={each}", each) for each in WIDTHS if each < width]
    elif thumbnail != image and width > THUMBNAIL_WIDTH:
        smaller = [(thumbnail, THUMBNAIL_WIDTH)]
    else:
        smaller = []
    if not smaller:
        return ""
    return ", ".join(f"{address} {each}w" for address, each in [*smaller, (image, width)])
