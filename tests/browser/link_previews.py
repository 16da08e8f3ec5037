"""Previews of links, without a page that is fetched."""

from playwright.sync_api import Locator, Page

from tests.browser.site import Site

URL = "https://example.org/fjords"
# In a process of its own, which asks nobody either.
MAKE = """
from chatsite.pictures import images, storage
from messaging.models import Message
from messaging.services.changes import change_alone
from messaging.services.link_previews import NewPreview
from messaging.shapes.link_previews import PreviewRecord, encoded_preview
from tests.pictures import picture
small = images.small(picture(900, 450))
name = storage.save("previews", small)
record = PreviewRecord({url!r}, {title!r}, {words!r}, name, small.width, small.height)
message = Message.objects.filter(has_link=True).latest("pk")
change_alone(NewPreview(message.sender_id, message.pk, {url!r}, encoded_preview(record)))
"""


def give_preview(site: Site, title: str = "All fjords", words: str = "Deep and cold.") -> None:
    """To the last message with a link, which is `URL`."""
    site.manage("shell", "--command", MAKE.format(url=URL, title=title, words=words))


def card(page: Page) -> Locator:
    return page.locator(".link-preview")
