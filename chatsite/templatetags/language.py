"""What the reader's language has its own way for; every template has these."""

from django import template

from chatsite import language

register = template.Library()
register.simple_tag(language.plural_forms)
for written in (
    language.day,
    language.day_and_time,
    language.full_date,
    language.month,
    language.short_day_and_time,
    language.time_in_zone,
):
    register.filter(written.__name__, written)
