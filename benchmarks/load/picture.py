"""A picture as from a phone, the same at each run."""

import base64
import io
import random

from PIL import Image


def data_uri(seed: int = 1) -> str:
    """A JPEG of 1,280 × 960 points."""
    chance = random.Random(seed)  # noqa: S311  nothing secret
    coarse = Image.frombytes("RGB", (64, 48), chance.randbytes(64 * 48 * 3))
    written = io.BytesIO()
    coarse.resize((1280, 960), Image.Resampling.BICUBIC).save(written, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"
