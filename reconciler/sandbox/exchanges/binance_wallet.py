"""Binance's private side: balances, the key's own rights, coins and margin pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.exchanges.binance_market import LISTED
from reconciler.sandbox.provider import Answer, Call, json_answer

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

_COINS = ("BTC", "ETH", "BNB", "SOL", "XRP", "ADA", "DOGE", "LTC", "USDT", "USDC")


def account_info(call: Call, account: Account) -> Answer:
    """Answer with balances and what the account may do."""
    trader = account.may("trade")
    return json_answer(
        {
            "makerCommission": 10,
            "takerCommission": 10,
            "buyerCommission": 0,
            "sellerCommission": 0,
            "canTrade": trader,
            "canWithdraw": account.may("withdraw"),
            "canDeposit": True,
            "updateTime": call.now_ms,
            "accountType": "SPOT",
            "balances": [
                {"asset": "BTC", "free": "0.25000000", "locked": "0.00000000"},
                {"asset": "USDT", "free": "12500.00000000", "locked": "500.00000000"},
            ],
            "permissions": ["SPOT"],
            "uid": int(account.account_id),
        }
    )


def restrictions(_call: Call, account: Account) -> Answer:
    """Answer with what the key itself may do."""
    trades, withdraws = account.may("trade"), account.may("withdraw")
    return json_answer(
        {
            "ipRestrict": bool(account.ip_allowlist),
            "createTime": 1_780_000_000_000,
            "enableReading": account.may("read"),
            "enableWithdrawals": withdraws,
            "enableInternalTransfer": withdraws,
            "permitsUniversalTransfer": False,
            "enableSpotAndMarginTrading": trades,
            "enableMargin": False,
            "enableFutures": False,
            "enableVanillaOptions": False,
            "enablePortfolioMarginTrading": False,
        }
    )


def coins(_call: Call, _account: Account) -> Answer:
    """Answer with every coin and the chains it travels on."""
    return json_answer([_coin(code) for code in _COINS])


def _coin(code: str) -> dict[str, Any]:
    network = {
        "network": "ETH" if code != "BTC" else "BTC",
        "coin": code,
        "name": f"sandbox chain for {code}",
        "isDefault": True,
        "depositEnable": True,
        "withdrawEnable": True,
        "withdrawFee": "0.001",
        "withdrawMin": "0.01",
        "withdrawMax": "1000000",
        "withdrawIntegerMultiple": "0.00000001",
        "minConfirm": 12,
    }
    return {
        "coin": code,
        "name": code,
        "depositAllEnable": True,
        "withdrawAllEnable": True,
        "free": "0",
        "locked": "0",
        "isLegalMoney": False,
        "trading": True,
        "networkList": [network],
    }


def margin_pairs(_call: Call, _account: Account) -> Answer:
    """Answer with the pairs that can be traded on margin."""
    return json_answer(
        [
            {
                "symbol": name,
                "base": item.base,
                "quote": item.quote,
                "isMarginTrade": True,
                "isBuyAllowed": True,
                "isSellAllowed": True,
            }
            for name, item in LISTED.items()
            if item.quote == "USDT"
        ]
    )
