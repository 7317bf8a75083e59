"""The codes of the exchanges that most people use; further ones: `native_more`.

Sources: the exchanges' public API documentation, what ccxt's own tables say of each
code beside its class, and answers met in issue reports.
"""

from __future__ import annotations

from reconciler.adapters.providers.ccxt_crypto.code_tables import codes

BINANCE = codes(
    timeout="-1007",
    wrong_url="-5000",
    rate_limited="-1003, -1015, -4005",
    exchange_unavailable="-1000, -1001, -1008, -1016, -1004, -1006, -3000, -3044",
    clock_skew="-1021",
    invalid_credentials="-1022, -2008, -2014",
    credentials_or_ip_or_permission="-2015",
    permission_denied="-1002, -1099, -3001, -3999, -9000",
    account_suspended="-2017, -3022",
    bad_request=(
        "-1100, -1102, -1010, -1020, -1101, -1103, -1104, -1105, -1106, "
        "-1108, -1125, -1127, -1128, -1130, -1131"
    ),
    bad_symbol="-1121, -1122, -1151, -2016, -4108, -4141",
    bad_timeframe="-1120",
)
BINGX = codes(
    wrong_url="100437",
    ip_restricted="100419",
    rate_limited="100410, 109429",
    exchange_unavailable="100500, 80001, 80012, 100440",
    clock_skew="100421",
    invalid_credentials="100001, 100413, 100412",
    permission_denied="100004",
    account_suspended="100414, 100441",
    bad_request="100202, 80014, 100400, 109400, 101204",
    bad_symbol="109415, 100490, 109418, 109425",
)
BITGET = codes(
    timeout="40010",
    wrong_url="40404",
    geo_restricted="40024",
    ip_restricted="40018, 40038",
    rate_limited="429, 30007, 1001",
    maintenance="40200, 40308, 41113, 41114",
    exchange_unavailable="45001, 40015, 40604, 40725",
    clock_skew="40005, 40008, 40004",
    invalid_credentials="40006, 40009, 40037, 40001, 40002, 40003, 40039, 40506, 40507",
    invalid_passphrase="40011, 40012, 40036",  # noqa: S106
    wrong_environment="40099",
    permission_denied="40014, 40016, 40022, 40040, 40068, 40085, 40301",
    account_suspended="40013, 40021, 40026, 40031, 40033, 40101",
    kyc_required="40025, 40035",
    bad_request="40007, 40017, 40019, 40020, 40302, 40304, 40708, 40808, 400172",
    bad_symbol="40034, 40102, 40103, 40309",
)
BITSTAMP = codes(
    wrong_url="404.002",
    ip_restricted="API0002",
    rate_limited="400.002",
    clock_skew="API0004, API0014, API0015, API0016, API0017",
    invalid_credentials=(
        "API0000, API0001, API0005, API0006, API0007, API0011, API0012, API0013"
    ),
    permission_denied="API0003, 403.002",
    account_suspended="API0008",
    kyc_required="API0010",
    bad_request="API0020",
)
BITVAVO = codes(
    timeout="108, 109",
    wrong_url="110",
    ip_restricted="307",
    rate_limited="105, 103, 429",
    exchange_unavailable="101, 107, 111, 112, 400, 404",
    clock_skew="302, 304",
    invalid_credentials="305, 309, 300, 301, 308",
    permission_denied="306, 310, 311, 312",
    account_suspended="317, 401",
    # 205 is any parameter; the sentence says which.
    bad_request="102, 200, 201, 203, 204, 205, 206, 303",
)
BYBIT = codes(
    timeout="5004, 170007",
    wrong_url="10017",
    geo_restricted="10024, 10032, 170209",
    ip_banned="10009",
    ip_restricted="10010",
    rate_limited="10006, 10018, 170222",
    exchange_unavailable="10000, 10016",
    clock_skew="10002, -1021",
    invalid_credentials="10003, 10004, 10007, 3100326",
    expired_credentials="33004",
    credentials_or_ip_or_permission="-2015",
    permission_denied="10005, 10020, 10028, 100028",
    account_suspended="10008, 10027, 131092, 170201",
    kyc_required="131004",
    bad_request="10001, 170130, 181001",
    bad_symbol="10029, 170121, 170221",
    bad_timeframe="-10009",
)
COINBASE = codes(
    wrong_url="NOT_FOUND",
    rate_limited="rate_limit_exceeded, RESOURCE_EXHAUSTED, resource_exhausted",
    exchange_unavailable="INTERNAL, UNAVAILABLE, internal_server_error",
    invalid_credentials=(
        "UNAUTHENTICATED, authentication_error, invalid_token, "
        "revoked_token, unauthorized"
    ),
    expired_credentials="expired_token",
    permission_denied="PERMISSION_DENIED, invalid_scope, two_factor_required",
    account_suspended="invalid_authentication_method",
    kyc_required=(
        "identity_verification_required, "
        "jumio_face_match_verification_required, "
        "jumio_verification_required, personal_details_required, "
        "unverified_email"
    ),
    bad_request="INVALID_ARGUMENT, invalid_request, param_required, validation_error",
)
GATE = codes(
    wrong_url="METHOD_NOT_ALLOWED, NOT_FOUND",
    ip_restricted="IP_FORBIDDEN",
    rate_limited="TOO_FAST, TOO_MANY_REQUESTS",
    exchange_unavailable="SERVER_ERROR, TOO_BUSY, INTERNAL",
    clock_skew="REQUEST_EXPIRED",
    invalid_credentials=(
        "INVALID_KEY, INVALID_SIGNATURE, MISSING_REQUIRED_HEADER, "
        "AUTHENTICATION_FAILED, INVALID_CREDENTIALS, INVALID_SUB_ACCOUNT"
    ),
    permission_denied="FORBIDDEN, READ_ONLY, USER_NOT_FOUND",
    account_suspended="ACCOUNT_LOCKED, SUB_ACCOUNT_LOCKED",
    bad_request=(
        "INVALID_ARGUMENT, INVALID_PARAM_VALUE, INVALID_PROTOCOL, "
        "INVALID_REQUEST_BODY, MISSING_REQUIRED_PARAM, NOT_ACCEPTABLE, "
        "SELF_TRADE, NO_CHANGE"
    ),
    bad_symbol="INVALID_CURRENCY, INVALID_CURRENCY_PAIR, CONTRACT_NOT_FOUND",
)
GEMINI = codes(
    wrong_url="EndpointMismatch, EndpointNotFound, NoSSL",
    ip_restricted="IpNotAllowed",
    rate_limited="RateLimit, RateLimited",
    maintenance="Maintenance",
    exchange_unavailable="System, GeneralFailure",
    clock_skew="InvalidNonce, InvalidTimestampInPayload, MissingNonce",
    invalid_credentials=(
        "InvalidApiKey, InvalidSignature, MissingApikeyHeader, "
        "MissingPayloadHeader, MissingSignatureHeader, AccountNotFound"
    ),
    permission_denied="MissingRole",
    bad_request="InvalidJson, MissingAccounts",
    bad_symbol="InvalidSymbol",
    bad_timeframe="InvalidTimeframe",
)
HTX = codes(
    timeout="timeout",
    wrong_url="method-not-allowed",
    rate_limited="1032, base-request-exceed-frequency-limit, rate-too-many-requests",
    maintenance="system-maintenance",
    exchange_unavailable="gateway-internal-error",
    invalid_credentials=(
        "api-signature-check-failed, api-signature-not-valid, 403, 1003, "
        "2002, 2003, login-required"
    ),
    permission_denied=(
        "1010, 1220, api-not-support-temp-addr, account-get-accounts-inexistent-error"
    ),
    account_suspended="user-locked, account-frozen",
    bad_request=(
        "1030, bad-request, base-date-limit-error, invalid-parameter, "
        "invalid-command, validation-format-error, "
        "validation-constraints-required"
    ),
    bad_symbol=(
        "1013, 1066, base-symbol-error, base-symbol-trade-disabled, "
        "require-symbol, invalid-symbol"
    ),
    bad_timeframe="invalid-interval",
)
KRAKEN = codes(
    timeout="EService:Deadline elapsed, EService:Timeout",
    wrong_url="EGeneral:Unknown method",
    ip_banned="EGeneral:Temporary lockout, EGeneral:Temporarily locked",
    rate_limited=(
        "EAPI:Rate limit exceeded, EAuth:Rate limit exceeded, EGeneral:Too "
        "many requests, EAuth:Too many requests, EOrder:Rate limit exceeded"
    ),
    maintenance=(
        "EService:Market in cancel_only mode, EService:Market in post_only mode"
    ),
    exchange_unavailable=(
        "EGeneral:Internal error, EService:Busy, EService:Unavailable, "
        "EDatabase:Internal error"
    ),
    clock_skew="EAPI:Invalid nonce",
    invalid_credentials=(
        "EAPI:Invalid key, EAPI:Invalid signature, ESession:Invalid session"
    ),
    permission_denied=(
        "EGeneral:Permission denied, EAPI:Feature disabled, "
        "EAccount:Invalid permissions"
    ),
    account_suspended=(
        "EAuth:Account temporary disabled, ETrade:User Locked, ETrade:Locked"
    ),
    kyc_required="EAuth:Account unconfirmed",
    bad_request="EGeneral:Invalid arguments, EAPI:Bad request",
    bad_symbol=(
        "EQuery:Unknown asset pair, EQuery:Unknown asset, EQuery:Invalid "
        "asset pair, EFunding:Unknown asset"
    ),
    bad_timeframe="EGeneral:Invalid arguments:interval",
)
KUCOIN = codes(
    timeout="408000",
    wrong_url="404000, 401000",
    geo_restricted="400302, 126021, 126037, 126045, 126046, 130315, 400500",
    ip_banned="1015",
    ip_restricted="400006",
    rate_limited="429000, 429, 200002",
    maintenance="503000",
    exchange_unavailable="500000, 130202",
    clock_skew="400002",
    invalid_credentials="400001, 400003, 400005, 401, 400401",
    invalid_passphrase="400004",  # noqa: S106
    permission_denied="400007, 200009, 400008, 400200, 400800",
    account_suspended="411100, 130201, 130302, 260100, 260200, 400700",
    kyc_required="400303, 126005, 126047, 126048",
    bad_request="200004, 400, 130101, 400000, 400100, 400400, 415000, 900014",
    bad_symbol="900001, 400600",
)
MEXC = codes(
    timeout="504",
    ip_restricted="700006, 406",
    rate_limited="429, 510",
    maintenance="604, 801, 11444",
    exchange_unavailable="501, 503, 20002, 730100",
    clock_skew="10073, 700003",
    invalid_credentials="602, 10072, 700001, 700002, 401, 10001",
    expired_credentials="402",
    permission_denied="700007, 403, 506, 511, 701, 702, 703, 704",
    account_suspended="10098, 70011, 140002",
    bad_request=(
        "730002, 400, 513, 600, 601, 10015, 700004, 700005, 700008, 700013, 730101"
    ),
    bad_symbol="10007, 30014, -1121, 1001, 1002, 30000, 30021, 30020",
)
OKX = codes(
    timeout="50004",
    geo_restricted="51155, 51734, 51773",
    ip_restricted="50035, 50110",
    rate_limited="50011, 50040, 50061",
    maintenance="50001, 51767, 51774",
    exchange_unavailable="50005, 50013, 50026, 50058",
    clock_skew="50102, 50107, 50112",
    invalid_credentials=(
        "50008, 50103, 50106, 50111, 50113, 50114, 50119, 59506, 60011, 60032"
    ),
    invalid_passphrase="50104, 50105, 60024",  # noqa: S106
    wrong_environment="50101, 50116, 50117",
    permission_denied="50030, 50120, 50032, 50038, 50041",
    account_suspended="50007, 50009, 50027, 50100, 50012, 50028, 51024, 51733",
    kyc_required="51732, 59113",
    bad_request=(
        "51000, 50000, 50002, 50006, 50010, 50014, 50015, 50016, 50024, "
        "50025, 50063, 50108, 50109, 50115"
    ),
    bad_symbol="51001, 51002, 51012, 51014, 51015",
)
