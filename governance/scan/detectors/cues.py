"""What the words around a number say it is: a phone, a card, or some other number.

The last word before a number decides; an order number is no phone, though the next word may announce one.
"""

from __future__ import annotations

import re
from enum import StrEnum

_BEFORE = 28
_BEHIND = 12
_NUMBER = re.compile(r"\d{5,}")
"""Words before another number speak of that one."""


class Cue(StrEnum):
    """What surroundings speak for."""

    PHONE = "phone"
    CARD = "card"
    OTHER = "other"
    NONE = ""


_LATIN = {
    Cue.PHONE: (
        "phone mobile cell cellphone tel telephone call called calling fax whatsapp contact reach dial "
        "handy ring sms text hotline signal telegram mob ph phones answering voicemail office"
    ),
    Cue.CARD: "card visa mastercard amex credit debit kreditkarte cc ccn jcb unionpay account acct cards",
    Cue.OTHER: (
        "order invoice tracking track ref reference serial sn imei isbn ean barcode sku timestamp ticket "
        "transaction txn trace uuid qq id iban amount total orders"
    ),
}
_CHINESE = {
    Cue.PHONE: (
        "电话 電話 手机 手機 致电 致電 联系 聯繫 聯絡 联络 打给 打給 来电 來電 回电 回電 号码 號碼 微信 "
        "手提 座机 座機 传真 傳真 热线 熱線 拨打 撥打 专线 專線 短信 簡訊 短訊 分机 分機 市話 總機 总机 "
        "行動 号儿"
    ),
    Cue.CARD: "卡 信用 银联 銀聯 账户 帳戶 賬戶 账号 帳號 户口 戶口",
    Cue.OTHER: (
        "订单 訂單 单号 單號 运单 運單 快递 快遞 物流 流水 发票 發票 交易 合同 合約 编号 編號 保单 保單 "
        "工单 工單 批次 条码 條碼 货号 貨號 商品 序列 序號 凭证 憑證 票号 票號 税号 稅號 统编 統編 身份证 "
        "身分證 学号 學號 工号 員編 病历 病歷 时间戳 時間戳 金额 金額 余额 餘額 总价 總價 价格 價格 收入 "
        "营收 營收 面积 日期 ¥ ￥ $ € £"
    ),
}
_BY_WORD = {word: kind for kind, words in _LATIN.items() for word in words.split()}
_BY_LAST: dict[str, list[tuple[str, Cue]]] = {}
_BY_FIRST: dict[str, list[tuple[str, Cue]]] = {}
for _kind, _words in _CHINESE.items():
    for _word in _words.split():
        _BY_LAST.setdefault(_word[-1], []).append((_word, _kind))
        _BY_FIRST.setdefault(_word[0], []).append((_word, _kind))

_TOKEN_BEFORE = re.compile(rf"[a-z]+|[{re.escape(''.join(sorted(_BY_LAST)))}]")
_TOKEN_BEHIND = re.compile(rf"[a-z]+|[{re.escape(''.join(sorted(_BY_FIRST)))}]")
"""Words, and the signs that a Chinese word ends or begins with."""
_AMOUNT = re.compile(
    r" ?(?:元|块|塊|万|萬|亿|億|美元|人民币|円|%|％|USD|RMB|CNY|HKD|TWD|NTD|EUR|kg|km|ms|个|個|件|次|人)"
)


def cue(text: str, start: int, end: int) -> Cue:
    """What the last word before a place says; where none stands there, the first one behind it."""
    before = _NUMBER.split(text[max(0, start - _BEFORE) : start].lower())[-1]
    for token in reversed(list(_TOKEN_BEFORE.finditer(before))):
        word = token[0]
        found = _BY_WORD.get(word) if len(word) > 1 else _ending(before, token.end())
        if found is not None:
            return found
    behind = _behind(text[end : end + _BEHIND].lower())
    return behind if behind is not Cue.OTHER else Cue.NONE


def _ending(text: str, end: int) -> Cue | None:
    """The kind of the Chinese word that ends at a place."""
    words = _BY_LAST.get(text[end - 1], ())
    return next((kind for word, kind in words if text.endswith(word, 0, end)), None)


def _behind(text: str) -> Cue:
    for token in _TOKEN_BEHIND.finditer(text):
        sign = token[0]
        if len(sign) > 1:
            found = _BY_WORD.get(sign)
        else:
            words = _BY_FIRST.get(sign, ())
            found = next((kind for word, kind in words if text.startswith(word, token.start())), None)
        if found is not None:
            return found
    return Cue.NONE


def is_amount(text: str, end: int) -> bool:
    """Whether a unit follows."""
    return _AMOUNT.match(text, end) is not None
