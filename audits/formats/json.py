"""JSON: the report's documented machine form, keys sorted, no language and no rounding."""

from __future__ import annotations

import json

from audits.formats.base import ALL_REPORTS
from audits.report import Report
from audits.speaking import Speaker


class JsonFormat:
    """Writes `Report.data`; see docs/json for the schema of each kind."""

    name = "json"
    serves = ALL_REPORTS
    encoding = "utf-8"

    def write(self, report: Report, speaker: Speaker) -> str:  # noqa: ARG002  machines read one form in any language
        """The data with sorted keys and two spaces of indent; text is not escaped to ASCII."""
        return json.dumps(report.data, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"
