"""Functions that statements may call, for each kind of store: all others are refused.

`TOTAL` never raise, whatever the row holds. `RAISING` may raise for some value, so a statement that calls one is fenced
(`fences`). What is in neither is unknown: it may read files, run statements, sleep or keep state.
"""

from __future__ import annotations

from collections.abc import Mapping

_WINDOW = "row_number rank dense_rank percent_rank cume_dist lag lead first_value last_value"

_SQLITE_TOTAL = f"""
    avg ceil ceiling coalesce count date datetime floor group_concat ifnull iif instr json_valid
    julianday length lower ltrim max min nullif round rtrim sign substr substring time total trim
    typeof unicode unixepoch upper {_WINDOW}
"""
_SQLITE_RAISING = """
    abs char concat concat_ws format glob hex json json_array json_array_length json_extract json_group_array
    json_quote replace json_group_object json_object json_type like nth_value ntile printf strftime sum
"""

_POSTGRES_TOTAL = f"""
    ascii bool_and bool_or btrim char_length character_length coalesce count every greatest initcap
    jsonb_typeof json_typeof least left length lower ltrim max min now nullif octet_length reverse right rtrim
    starts_with strpos upper transaction_timestamp statement_timestamp {_WINDOW}
"""
_POSTGRES_RAISING = """
    abs age concat concat_ws replace array_agg array_append array_cat array_length array_position array_positions
    array_prepend array_remove
    array_to_string array_upper array_lower avg bit_and bit_or cardinality cbrt ceil ceiling chr corr covar_pop
    covar_samp date_part date_trunc date_bin degrees div encode exp extract floor format json_agg json_array_length
    json_build_array json_build_object json_extract_path json_extract_path_text json_object_agg jsonb_agg
    jsonb_array_length jsonb_build_array jsonb_build_object jsonb_extract_path jsonb_extract_path_text
    jsonb_object_agg justify_days justify_hours justify_interval ln log lpad make_date make_interval make_time
    make_timestamp md5 mod mode nth_value ntile overlay percentile_cont percentile_disc pi position power radians
    regexp_like regexp_match regexp_replace regexp_count regexp_substr regr_slope regr_intercept regr_r2 regr_count
    repeat round rpad scale sha256 convert_to sign split_part sqrt stddev stddev_pop stddev_samp string_agg
    string_to_array substr substring sum to_char to_date to_json to_jsonb to_number to_timestamp translate trim trunc
    trim_scale var_pop var_samp variance width_bucket
"""

_MYSQL_TOTAL = f"""
    adddate ascii bit_length ceil ceiling char_length character_length coalesce concat concat_ws count curdate date
    date_add date_format date_sub datediff dayname dayofmonth dayofweek dayofyear elt field find_in_set floor
    greatest hex hour if ifnull instr isnull json_valid last_day lcase least left length locate lower lpad ltrim max
    microsecond mid min minute month monthname now nullif nvl octet_length ord quarter repeat replace reverse right rpad
    rtrim second sign space str_to_date strcmp subdate substr substring_index to_days trim ucase unhex upper week
    weekday weekofyear year yearweek {_WINDOW}
"""
_MYSQL_RAISING = """
    abs acos asin atan atan2 avg bin bit_and bit_count bit_or bit_xor conv cos cot crc32 degrees exp format
    from_base64 from_days from_unixtime group_concat json_array json_arrayagg json_contains json_contains_path
    json_exists json_extract json_keys json_length json_object json_objectagg json_quote json_search json_type
    json_unquote json_value ln log log10 log2 makedate maketime md5 mod nth_value ntile oct pi pow power quote radians
    regexp_instr regexp_replace regexp_substr round sec_to_time sha1 sha2 sin sqrt std stddev stddev_pop stddev_samp
    sum tan time time_to_sec to_base64 truncate unix_timestamp var_pop var_samp variance
"""

TOTAL: Mapping[str, frozenset[str]] = {
    "mysql": frozenset(_MYSQL_TOTAL.split()),
    "postgresql": frozenset(_POSTGRES_TOTAL.split()),
    "sqlite": frozenset(_SQLITE_TOTAL.split()),
}
"""By kind of store, in lower case."""

RAISING: Mapping[str, frozenset[str]] = {
    "mysql": frozenset(_MYSQL_RAISING.split()),
    "postgresql": frozenset(_POSTGRES_RAISING.split()),
    "sqlite": frozenset(_SQLITE_RAISING.split()),
}
"""By kind of store, in lower case."""

AGGREGATES = frozenset(
    """
    array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every group_concat json_agg
    json_arrayagg json_group_array json_group_object json_object_agg json_objectagg jsonb_agg jsonb_object_agg max min
    mode percentile_cont percentile_disc regr_count regr_intercept regr_r2 regr_slope std stddev stddev_pop stddev_samp
    string_agg sum
    total var_pop var_samp variance
    """.split()  # noqa: SIM905 a list of words reads best as words
)
"""Functions that make one value of many rows; `max` and `min` of SQLite only with one argument."""

ORDERED = frozenset(
    """
    array_agg first_value group_concat json_agg json_arrayagg json_group_array json_group_object json_object_agg
    json_objectagg jsonb_agg jsonb_object_agg lag last_value lead mode nth_value ntile row_number string_agg
    """.split()  # noqa: SIM905 a list of words reads best as words
)
"""Functions whose value may depend on an order of rows that the statement does not fix."""

ADDING = frozenset(
    """
    avg corr covar_pop covar_samp regr_intercept regr_r2 regr_slope std stddev stddev_pop stddev_samp sum total
    var_pop var_samp variance
    """.split()  # noqa: SIM905 as above
)
"""Aggregates that add up floating numbers."""

_FORMS = frozenset({"cast", "extract", "position", "trim", "overlay", "substring"})
SPECIAL_FORMS: Mapping[str, frozenset[str]] = {
    "mysql": _FORMS | {"group_concat", "convert"},
    "postgresql": _FORMS,
    "sqlite": _FORMS,
}
"""By kind of store: functions with a grammar of their own, which the parser must know by name."""


def is_known(kind: str, name: str) -> bool:
    """Whether statements for a kind of store may call a function."""
    return name in TOTAL[kind] or name in RAISING[kind]
