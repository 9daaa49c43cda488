"""What the texts of a policy's coaching may hold in braces; filled in by ``monitor.call_summary``."""

from __future__ import annotations

ADVICE_FIELDS = ("value", "unit", "limit", "count", "time", "evidence", "say_instead")
