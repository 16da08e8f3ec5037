"""The ground that both apps stand on."""

VERSION = "0.1.0"
