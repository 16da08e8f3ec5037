"""A second door to the same house, for clients that speak Socket.IO."""

import re

PATH = re.compile(r"/*socket\.io/?")
