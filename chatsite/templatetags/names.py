"""Filters for the names of people; every template has them."""

from django import template

from chatsite.text import isolated

register = template.Library()
register.filter("isolated", isolated, is_safe=True)
