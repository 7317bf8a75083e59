"""The codes of further exchanges; the greater ones are in `native_great`.

Sources: the exchanges' public API documentation, and what ccxt's own tables say of
each code beside its class.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.adapters.providers.ccxt_crypto.code_tables import codes
from reconciler.core.diagnosis import Category

_BITFINEX = codes(
    wrong_url="11000",
    rate_limited="11010, ERR_RATE_LIMIT",
    maintenance="20051, 20060, 20061",
    clock_skew="10114",
    invalid_credentials="10100, 10111, 10112, 10113",
    permission_denied="10001",
    bad_request="10020",
)
_DERIBIT = codes(
    timeout="13888",
    wrong_url="-32601",
    geo_restricted="12005",
    ip_restricted="13025",
    rate_limited="10028, 10066",
    maintenance="10041, 11051",
    exchange_unavailable="10040, 10047, 11094, 13028, 13503",
    invalid_credentials="10000, 13004, 13005, 13007, 13009, 13668, 13778",
    permission_denied="9999, 11042, 13021, 13777",
    account_suspended="10019, 13001, 13002",
    bad_request="-32602, 11029, 11044, 11050, 13010",
    bad_symbol="10020, 13020",
)
_CRYPTOCOM = codes(
    timeout="40801",
    wrong_url="40401",
    ip_restricted="10003, 40103",
    rate_limited="10006, 40107, 42901",
    maintenance="43012, 9010001",
    exchange_unavailable="10001, 50001",
    clock_skew="10007, 40102",
    invalid_credentials="10002, 40101",
    permission_denied="10005, 40104",
    account_suspended="43005",
    bad_request="10004, 10008, 10009, 20001, 40001, 40003, 40004",
    bad_symbol="30003",
)
_UPBIT = codes(
    ip_restricted="no_authorization_i_p, no_authorization_ip, NotAllowIP",
    rate_limited="too_many_requests",
    clock_skew="expired_jwt, nonce_used",
    invalid_credentials=(
        "invalid_access_key, invalid_query_payload, jwt_verification, "
        "no_authorization_token"
    ),
    expired_credentials="expired_access_key",
    permission_denied="out_of_scope, thirdparty_agreement_required",
    account_suspended="blocked_member_id",
    bad_request="invalid_parameter, not_supported_ord_type, validation_error",
    bad_symbol="404",
)
_BITHUMB = _UPBIT | codes(
    exchange_unavailable="5400",
    invalid_credentials="5200, 5300",
    permission_denied="5302",
    bad_request="5100, 5500",
)
_PHEMEX = codes(
    rate_limited="39995",
    maintenance="39998",
    invalid_credentials="401, 10500",
    permission_denied="34003, 39996",
    account_suspended="11022",
    bad_request="30018",
    bad_symbol="11027, 11028, 11070, 39997",
)
_BITBANK = codes(
    timeout="10005",
    wrong_url="10000, 50011",
    rate_limited="10009",
    maintenance="10007, 10008, 70010, 70011",
    exchange_unavailable="10001, 10003, 70001, 70002, 70003",
    clock_skew="20004",
    invalid_credentials="20001, 20002, 20003, 20005, 20011",
    account_suspended="50003, 50005, 50006",
    kyc_required="50004, 50008",
    bad_request="10002, 40007, 40022",
    bad_symbol="30009, 30016, 40017, 40025",
)
_LBANK = codes(
    ip_restricted="10105",
    rate_limited="10004",
    exchange_unavailable="10000, 10017",
    invalid_credentials="10002, 10005, 10006, 10007",
    permission_denied="10022",
    bad_request="10001, 10003, 10028, 10031",
    bad_symbol="10008, 10110",
)
_POLONIEX = codes(
    timeout="603",
    geo_restricted="21353",
    rate_limited="429",
    maintenance="1002",
    exchange_unavailable="500, 24201",
    invalid_credentials="401, 21100, 21600",
    account_suspended="1003, 21351, 21601",
    kyc_required="12004, 21354",
    bad_request="601, 602",
    bad_symbol="10020, 10040, 10041, 24101, 25019",
)
_XT = codes(
    geo_restricted="SYMBOL_004",
    ip_restricted="AUTH_104",
    clock_skew="AUTH_105",
    invalid_credentials=(
        "AUTH_001, AUTH_002, AUTH_003, AUTH_004, AUTH_005, AUTH_006, "
        "AUTH_007, AUTH_101, AUTH_102, AUTH_103"
    ),
    permission_denied="AUTH_106",
    account_suspended="GATEWAY_0001",
    bad_symbol="SYMBOL_001, SYMBOL_002, SYMBOL_003, SYMBOL_005",
)
_BLOFIN = codes(
    ip_restricted="152406",
    clock_skew="152405, 152407, 152410",
    invalid_credentials="152401, 152409",
    invalid_passphrase="152408",  # noqa: S106
    expired_credentials="152402",
    permission_denied="152404",
)
_DIGIFINEX = codes(
    wrong_url="10001, 10009",
    ip_restricted="10007",
    rate_limited="10005",
    clock_skew="10008",
    invalid_credentials="10002, 10003",
    expired_credentials="10011",
    permission_denied="10006",
    bad_request="10004",
    bad_symbol="20001, 20002",
)
_WOO = codes(
    rate_limited="-1003",
    maintenance="-1011",
    exchange_unavailable="-1000",
    clock_skew="317179",
    invalid_credentials="-1001",
    credentials_or_ip_or_permission="-1002",
    account_suspended="302307",
    bad_request="-1004, -1005",
)
_BITSO = codes(
    geo_restricted="0327, 0328",
    ip_restricted="0211, 0213",
    rate_limited="0205",
    clock_skew="104, 0206, 0207",
    invalid_credentials="0201, 0203, 0208, 0215, 0326",
    permission_denied="0202",
    account_suspended="0216",
    bad_request="0303, 0304",
    bad_symbol="0301",
    bad_timeframe="0302",
)
_KRAKEN_FUTURES = codes(
    rate_limited="apiLimitExceeded",
    exchange_unavailable="Server Error, unavailable, Unavailable",
    clock_skew="nonceBelowThreshold, nonceDuplicate",
    invalid_credentials="authenticationError, invalidAccount",
    account_suspended="accountInactive",
    bad_request="invalidArgument, requiredArgumentMissing",
    bad_symbol="contractNotFound",
)

MORE_CODES: Mapping[str, Mapping[str, Category]] = {
    "bitbank": _BITBANK,
    "bitfinex": _BITFINEX,
    "bithumb": _BITHUMB,
    "bitso": _BITSO,
    "blofin": _BLOFIN,
    "cryptocom": _CRYPTOCOM,
    "deribit": _DERIBIT,
    "digifinex": _DIGIFINEX,
    "krakenfutures": _KRAKEN_FUTURES,
    "lbank": _LBANK,
    "phemex": _PHEMEX,
    "poloniex": _POLONIEX,
    "upbit": _UPBIT,
    "woo": _WOO,
    "xt": _XT,
}
