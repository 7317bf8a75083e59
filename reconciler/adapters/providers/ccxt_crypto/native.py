"""What each exchange's own codes mean.

A code is the best evidence there is: ccxt's class alone is right for barely six
answers in ten (passphrases, address lists, country blocks and clocks are lost in
it). The tables hold what costs a person time; sentences catch the rest. Sources:
the exchanges' public API documentation and answers met in issue reports.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.diagnosis import Category

_C = Category
_KEY = _C.INVALID_CREDENTIALS
_ANY = _C.CREDENTIALS_OR_IP_OR_PERMISSION

_BINANCE = {
    "-1000": _C.EXCHANGE_UNAVAILABLE,
    "-1001": _C.EXCHANGE_UNAVAILABLE,
    "-1002": _C.PERMISSION_DENIED,
    "-1003": _C.RATE_LIMITED,
    "-1007": _C.TIMEOUT,
    "-1008": _C.EXCHANGE_UNAVAILABLE,
    "-1016": _C.EXCHANGE_UNAVAILABLE,
    "-1021": _C.CLOCK_SKEW,
    "-1022": _KEY,
    "-1100": _C.BAD_REQUEST,
    "-1102": _C.BAD_REQUEST,
    "-1120": _C.BAD_TIMEFRAME,
    "-1121": _C.BAD_SYMBOL,
    "-2008": _KEY,
    "-2014": _KEY,
    "-2015": _ANY,
    "-2017": _C.ACCOUNT_SUSPENDED,
}
_OKX = {
    "50001": _C.MAINTENANCE,
    "50004": _C.TIMEOUT,
    "50005": _C.EXCHANGE_UNAVAILABLE,
    "50007": _C.ACCOUNT_SUSPENDED,
    "50008": _KEY,
    "50009": _C.ACCOUNT_SUSPENDED,
    "50011": _C.RATE_LIMITED,
    "50013": _C.EXCHANGE_UNAVAILABLE,
    "50026": _C.EXCHANGE_UNAVAILABLE,
    "50027": _C.ACCOUNT_SUSPENDED,
    "50030": _C.PERMISSION_DENIED,
    "50035": _C.IP_RESTRICTED,
    "50040": _C.RATE_LIMITED,
    "50061": _C.RATE_LIMITED,
    "50100": _C.ACCOUNT_SUSPENDED,
    "50101": _C.WRONG_ENVIRONMENT,
    "50102": _C.CLOCK_SKEW,
    "50103": _KEY,
    "50104": _C.INVALID_PASSPHRASE,
    "50105": _C.INVALID_PASSPHRASE,
    "50106": _KEY,
    "50107": _C.CLOCK_SKEW,
    "50110": _C.IP_RESTRICTED,
    "50111": _KEY,
    "50112": _C.CLOCK_SKEW,
    "50113": _KEY,
    "50114": _C.PERMISSION_DENIED,
    "50119": _KEY,
    "50120": _C.PERMISSION_DENIED,
    "51000": _C.BAD_REQUEST,
    "51001": _C.BAD_SYMBOL,
}
_KRAKEN = {
    "EAPI:Invalid key": _KEY,
    "EAPI:Invalid signature": _KEY,
    "EAPI:Invalid nonce": _C.CLOCK_SKEW,
    "EAPI:Rate limit exceeded": _C.RATE_LIMITED,
    "EAuth:Rate limit exceeded": _C.RATE_LIMITED,
    "EAuth:Account temporary disabled": _C.ACCOUNT_SUSPENDED,
    "EAuth:Account unconfirmed": _C.KYC_REQUIRED,
    "EGeneral:Invalid arguments": _C.BAD_REQUEST,
    "EGeneral:Permission denied": _C.PERMISSION_DENIED,
    "EGeneral:Temporary lockout": _C.IP_BANNED,
    "EGeneral:Too many requests": _C.RATE_LIMITED,
    "EGeneral:Internal error": _C.EXCHANGE_UNAVAILABLE,
    "EQuery:Unknown asset pair": _C.BAD_SYMBOL,
    "EQuery:Unknown asset": _C.BAD_SYMBOL,
    "EService:Busy": _C.EXCHANGE_UNAVAILABLE,
    "EService:Unavailable": _C.EXCHANGE_UNAVAILABLE,
    "EService:Deadline elapsed": _C.TIMEOUT,
    "EService:Timeout": _C.TIMEOUT,
    "EService:Market in cancel_only mode": _C.MAINTENANCE,
    "EService:Market in post_only mode": _C.MAINTENANCE,
}
_KUCOIN = {
    "200004": _C.BAD_REQUEST,
    "400001": _KEY,
    "400002": _C.CLOCK_SKEW,
    "400003": _KEY,
    "400004": _C.INVALID_PASSPHRASE,
    "400005": _KEY,
    "400006": _C.IP_RESTRICTED,
    "400007": _C.PERMISSION_DENIED,
    "400302": _C.GEO_RESTRICTED,
    "400303": _C.KYC_REQUIRED,
    "404000": _C.WRONG_URL,
    "411100": _C.ACCOUNT_SUSPENDED,
    "429000": _C.RATE_LIMITED,
    "500000": _C.EXCHANGE_UNAVAILABLE,
    "900001": _C.BAD_SYMBOL,
}
_BYBIT = {
    "10000": _C.EXCHANGE_UNAVAILABLE,
    "10002": _C.CLOCK_SKEW,
    "10003": _KEY,
    "10004": _KEY,
    "10005": _C.PERMISSION_DENIED,
    "10006": _C.RATE_LIMITED,
    "10008": _C.ACCOUNT_SUSPENDED,
    "10009": _C.IP_BANNED,
    "10010": _C.IP_RESTRICTED,
    "10016": _C.EXCHANGE_UNAVAILABLE,
    "10018": _C.RATE_LIMITED,
    "10024": _C.KYC_REQUIRED,
    "10029": _C.BAD_SYMBOL,
    "33004": _C.EXPIRED_CREDENTIALS,
}
_BITGET = {
    "429": _C.RATE_LIMITED,
    "40005": _C.CLOCK_SKEW,
    "40006": _KEY,
    "40008": _C.CLOCK_SKEW,
    "40009": _KEY,
    "40010": _C.TIMEOUT,
    "40011": _C.INVALID_PASSPHRASE,
    "40012": _C.INVALID_PASSPHRASE,
    "40014": _C.PERMISSION_DENIED,
    "40018": _C.IP_RESTRICTED,
    "40034": _C.BAD_SYMBOL,
    "40037": _KEY,
    "40038": _C.IP_RESTRICTED,
    "40200": _C.MAINTENANCE,
    "45001": _C.EXCHANGE_UNAVAILABLE,
}
_BINGX = {
    "100001": _KEY,
    "100004": _C.PERMISSION_DENIED,
    "100202": _C.BAD_REQUEST,
    "100410": _C.RATE_LIMITED,
    "100413": _KEY,
    "100419": _C.IP_RESTRICTED,
    "100421": _C.CLOCK_SKEW,
    "100500": _C.EXCHANGE_UNAVAILABLE,
    "109415": _C.BAD_SYMBOL,
}
_MEXC = {
    "402": _KEY,
    "429": _C.RATE_LIMITED,
    "602": _KEY,
    "10007": _C.BAD_SYMBOL,
    "10072": _KEY,
    "10073": _C.CLOCK_SKEW,
    "30014": _C.BAD_SYMBOL,
    "700001": _KEY,
    "700002": _KEY,
    "700003": _C.CLOCK_SKEW,
    "700006": _C.IP_RESTRICTED,
    "700007": _C.PERMISSION_DENIED,
    "730002": _C.BAD_REQUEST,
}
_GATE = {
    "ACCOUNT_LOCKED": _C.ACCOUNT_SUSPENDED,
    "FORBIDDEN": _C.PERMISSION_DENIED,
    "INVALID_CURRENCY": _C.BAD_SYMBOL,
    "INVALID_CURRENCY_PAIR": _C.BAD_SYMBOL,
    "INVALID_KEY": _KEY,
    "INVALID_SIGNATURE": _KEY,
    "IP_FORBIDDEN": _C.IP_RESTRICTED,
    "MISSING_REQUIRED_HEADER": _C.BAD_REQUEST,
    "READ_ONLY": _C.PERMISSION_DENIED,
    "REQUEST_EXPIRED": _C.CLOCK_SKEW,
    "SERVER_ERROR": _C.EXCHANGE_UNAVAILABLE,
    "SUB_ACCOUNT_LOCKED": _C.ACCOUNT_SUSPENDED,
    "TOO_BUSY": _C.EXCHANGE_UNAVAILABLE,
    "TOO_FAST": _C.RATE_LIMITED,
    "TOO_MANY_REQUESTS": _C.RATE_LIMITED,
}
_BITVAVO = {
    "105": _C.RATE_LIMITED,
    "205": _C.BAD_SYMBOL,
    "305": _KEY,
    "306": _C.PERMISSION_DENIED,
    "307": _C.IP_RESTRICTED,
    "309": _KEY,
}
_BITSTAMP = {
    "API0001": _KEY,
    "API0003": _C.PERMISSION_DENIED,
    "API0004": _C.CLOCK_SKEW,
    "API0005": _KEY,
    "API0006": _C.IP_RESTRICTED,
}
_GEMINI = {
    "InvalidApiKey": _KEY,
    "InvalidNonce": _C.CLOCK_SKEW,
    "InvalidSignature": _KEY,
    "Maintenance": _C.MAINTENANCE,
    "MissingApikeyHeader": _KEY,
    "MissingRole": _C.PERMISSION_DENIED,
    "RateLimit": _C.RATE_LIMITED,
}
_HTX = {
    "api-signature-check-failed": _KEY,
    "api-signature-not-valid": _KEY,
    "gateway-internal-error": _C.EXCHANGE_UNAVAILABLE,
    "system-maintenance": _C.MAINTENANCE,
}
_COINBASE = {
    "PERMISSION_DENIED": _C.PERMISSION_DENIED,
    "rate_limit_exceeded": _C.RATE_LIMITED,
    "INTERNAL": _C.EXCHANGE_UNAVAILABLE,
}

CODES: Mapping[str, Mapping[str, Category]] = {
    "binance": _BINANCE,
    "binancecoinm": _BINANCE,
    "binanceus": _BINANCE,
    "binanceusdm": _BINANCE,
    "bingx": _BINGX,
    "bitget": _BITGET,
    "bitstamp": _BITSTAMP,
    "bitvavo": _BITVAVO,
    "bybit": _BYBIT,
    "bybiteu": _BYBIT,
    "bybitid": _BYBIT,
    "coinbase": _COINBASE,
    "gate": _GATE,
    "gateeu": _GATE,
    "gemini": _GEMINI,
    "htx": _HTX,
    "kraken": _KRAKEN,
    "kucoin": _KUCOIN,
    "kucoinfutures": _KUCOIN,
    "mexc": _MEXC,
    "myokx": _OKX,
    "okx": _OKX,
    "okxus": _OKX,
}

FIXES: Mapping[str, str] = {
    "EAPI:Invalid key": "; Kraken says the same to an address that the key's "
    "IP list does not hold",
}
"""What is worth adding to the fix of a code, as the end of a sentence."""
