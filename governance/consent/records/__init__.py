"""Consent as others read it: records and receipts in the shape of ISO/IEC TS 27560:2023, as JSON-LD with DPV."""
