"""For script, to which the server sends system messages in its own language."""

from django import template

from messaging.shapes.system_messages import sentences

register = template.Library()
register.simple_tag(sentences, name="system_sentences")
