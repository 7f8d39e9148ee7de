"""Judging a scan on the user's own data: a person says of some fields whether their labels are right.

The fields are a stratified random sample with known chances, so that precision and recall of all fields follow from it
without bias (Horvitz-Thompson). Thresholds are tuned to a target, and a baseline says what later scans have lost.
"""
