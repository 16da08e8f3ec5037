"""An address as a QR code."""

import segno
from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def qr(address: str) -> SafeString:
    """Dark on light in every theme: many cameras read nothing else."""
    code = segno.make_qr(address)
    svg = code.svg_inline(border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr")
    return mark_safe(svg)  # noqa: S308 - segno draws modules; the address is not in it
