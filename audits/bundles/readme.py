"""The file that tells whoever receives a bundle what it is."""

from __future__ import annotations

README = "readme.txt"
"""Its name."""

_TEXT = """\
Evidence on the use and protection of personal data
reports/        what was found, as pages (.html) and for machines (.json)
ledger/         the record of every decision, its signed checkpoint, and proofs
manifest.json   each file with its SHA-256, signed in manifest.sig
To check that nothing was changed:  governance audit verify FILE --key KEY
KEY is the public key that you were given another way than with this file. A checkpoint that you were given earlier does
as well: --checkpoint CHECKPOINT. Without either, the check shows only that the file agrees with itself.

个人数据使用与保护的证据
reports/        报告：网页（.html）与机器可读格式（.json）
ledger/         每项决定的记录、已签名的检查点和证明
manifest.json   每个文件及其 SHA-256，签名在 manifest.sig
检查内容是否被改动：  governance audit verify FILE --key KEY
KEY 是您通过其他途径得到的公钥；也可以用您先前得到的检查点：--checkpoint CHECKPOINT。
两者都没有时，只能说明文件自身一致。

個人資料使用與保護的證據
reports/        報告：網頁（.html）與機器可讀格式（.json）
ledger/         每項決定的紀錄、已簽署的檢查點和證明
manifest.json   每個檔案及其 SHA-256，簽章在 manifest.sig
檢查內容是否遭到變更：  governance audit verify FILE --key KEY
KEY 是您經由其他途徑取得的公開金鑰；也可以用您先前取得的檢查點：--checkpoint CHECKPOINT。
兩者皆無時，只能說明檔案自身一致。
"""


def readme() -> bytes:
    """Its content."""
    return _TEXT.encode()
