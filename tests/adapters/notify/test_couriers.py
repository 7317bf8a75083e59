"""Messages on their way to a real server: delivered, signed, bounded, and no secret."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import io
import json
import logging
import socket
import threading

import pytest

from reconciler.adapters.notify.apprise_service import AppriseService
from reconciler.adapters.notify.heartbeat import Heartbeat
from reconciler.adapters.notify.places import Place
from reconciler.adapters.notify.webhook import Webhook
from reconciler.core.incidents.causes import Severity
from reconciler.core.incidents.delivering import DeliveryError, Message
from tests.fakes import START, FakeClock
from tests.receiver import receiver

pytestmark = pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"  # imported by Apprise
)

TOKEN = "CANARY-token-0123456789"
KEY = "CANARY-signing-key-0123456789"
MESSAGE = Message(
    id="msg_1",
    severity=Severity.ERROR,
    is_good=False,
    subject="[error] binance: 500 of 500 connections fail",
    text="binance: 500 of 500 connections fail\n\nFix: wait",
    markdown="**binance**: 500 of 500 connections fail",
    body=json.dumps({"format_version": "1.0", "id": "msg_1", "text": "é"}),
)


def place(value, name="X"):
    return Place(variable=name, environment={name: value})


def apprise(url, timeout_s=5.0, **options):
    return AppriseService(address=place(url), timeout_s=timeout_s, **options)


def webhook(url, *, key=KEY, timeout_s=5.0):
    return Webhook(
        address=place(url),
        secret=place(key, "K"),
        clock=FakeClock(),
        timeout_s=timeout_s,
    )


def deliver(courier, message=MESSAGE):
    asyncio.run(courier.deliver(message))


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def why(courier):
    with pytest.raises(DeliveryError) as caught:
        deliver(courier)
    assert caught.value.__cause__ is None
    assert "CANARY" not in str(caught.value)
    return str(caught.value)


def test_apprise_delivers_subject_and_text():
    with receiver() as taken:
        deliver(apprise(f"json://127.0.0.1:{taken.port}/{TOKEN}"))

    ((method, path, _, _),) = taken.requests
    (body,) = taken.bodies
    assert (method, path) == ("POST", f"/{TOKEN}")
    assert body["title"] == MESSAGE.subject
    assert body["message"] == MESSAGE.text
    assert body["type"] == "failure"


def test_a_receiver_that_is_not_there_is_told_in_our_words():
    port = closed_port()

    assert why(apprise(f"json://127.0.0.1:{port}/{TOKEN}")) == (
        "the service cannot be reached"
    )
    assert why(webhook(f"http://127.0.0.1:{port}/{TOKEN}")) == (
        "the host refuses the connection"
    )


def test_a_receiver_that_refuses_is_told_by_its_status():
    with receiver(status=403) as taken:
        said = why(apprise(f"json://user:{TOKEN}@127.0.0.1:{taken.port}/"))
        hook = why(webhook(f"http://127.0.0.1:{taken.port}/{TOKEN}"))

    assert said == "the service answered HTTP 403"
    assert hook == "the receiver answered HTTP 403"


def test_a_receiver_that_asks_to_wait_is_obeyed():
    with (
        receiver(status=429, headers={"Retry-After": "77"}) as taken,
        pytest.raises(DeliveryError) as caught,
    ):
        deliver(webhook(f"http://127.0.0.1:{taken.port}/"))

    assert caught.value.wait_s == 77


def test_no_redirect_is_followed():
    with receiver() as other, receiver(status=307) as taken:
        taken.headers["Location"] = f"http://127.0.0.1:{other.port}/"
        why(webhook(f"http://127.0.0.1:{taken.port}/"))
        why(apprise(f"json://127.0.0.1:{taken.port}/"))

    assert other.requests == []


@pytest.mark.parametrize("make", [apprise, webhook])
def test_a_receiver_that_hangs_is_left_alone(make):
    scheme = "json" if make is apprise else "http"
    with receiver(hang=threading.Event()) as taken:
        courier = make(f"{scheme}://127.0.0.1:{taken.port}/", timeout_s=0.3)
        said = why(courier)

    assert said in {"not delivered within 0.3 s", "no answer in time"} or (
        "cannot be reached" in said
    )


def test_the_loop_goes_on_while_apprise_is_at_work():
    beats = []

    async def both(courier):
        async def beat():
            while True:
                beats.append(1)
                await asyncio.sleep(0.01)

        beating = asyncio.ensure_future(beat())
        with pytest.raises(DeliveryError):
            await courier.deliver(MESSAGE)
        beating.cancel()

    with receiver(hang=threading.Event()) as taken:
        asyncio.run(both(apprise(f"json://127.0.0.1:{taken.port}/", timeout_s=0.5)))

    assert len(beats) > 10


def test_a_message_that_still_hangs_is_not_overtaken():
    async def twice(courier):
        said = []
        for _ in range(2):
            with pytest.raises(DeliveryError) as caught:
                await courier.deliver(MESSAGE)
            said.append(str(caught.value))
        return said

    with receiver(hang=threading.Event()) as taken:
        courier = apprise(f"json://127.0.0.1:{taken.port}/?rto=30", timeout_s=0.2)
        courier.timeout_s = 0.2
        said = asyncio.run(twice(courier))

    assert len(taken.requests) <= 2
    assert said[0] == "not delivered within 0.2 s" or "cannot be reached" in said[0]


def test_a_webhook_is_signed_over_id_time_and_body():
    with receiver() as taken:
        deliver(webhook(f"http://127.0.0.1:{taken.port}/hook"))

    ((method, _, headers, body),) = taken.requests
    stamp = headers["webhook-timestamp"]
    signed = f"{headers['webhook-id']}.{stamp}.".encode() + body
    digest = hmac.new(KEY.encode(), signed, hashlib.sha256).digest()
    assert method == "POST"
    assert headers["webhook-id"] == "msg_1"
    assert int(stamp) == int(START.timestamp())
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert body == MESSAGE.body.encode()


def test_a_key_of_standard_webhooks_is_decoded():
    key = b"0123456789abcdef0123"
    text = "whsec_" + base64.b64encode(key).decode()
    with receiver() as taken:
        deliver(webhook(f"http://127.0.0.1:{taken.port}/", key=text))

    ((_, _, headers, body),) = taken.requests
    signed = f"msg_1.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("CANARY", "holds a key of less than 16 bytes"),
        ("whsec_CANARY!", "what follows whsec_ is no base64"),
        ("  ", "is empty"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(key, said):
    assert said in why(webhook("http://127.0.0.1:9/", key=key))


@pytest.mark.parametrize(
    "address",
    [
        "CANARY",
        "AGE-SECRET-KEY-1CANARY",
        "http://a b/CANARY",
        "json://x\njson://CANARY",
    ],
)
def test_what_is_no_address_goes_nowhere(address):
    assert why(apprise(address)) == (
        "the environment variable X does not hold one address"
    )


def test_an_address_that_apprise_does_not_know_is_told():
    assert why(apprise("nothing://CANARY/x")) == (
        "the address is none that Apprise knows"
    )
    assert why(webhook("ftp://CANARY/x")) == "the address is not one of http or https"


def test_a_file_holds_an_address_and_a_new_one_is_used_at_once(tmp_path):
    file = tmp_path / "url"
    courier = AppriseService(address=Place(file=str(file)), timeout_s=5)
    with receiver() as first, receiver() as second:
        file.write_text(f"json://127.0.0.1:{first.port}/\n")
        deliver(courier)
        file.write_text(f"json://127.0.0.1:{second.port}/\n")
        deliver(courier)

    assert (len(first.requests), len(second.requests)) == (1, 1)


def test_a_credential_of_systemd_is_found_by_its_name(tmp_path):
    (tmp_path / "ops-url").write_text("json://127.0.0.1:1/")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    found = Place(file="ops-url", environment=environment).read_address()

    assert found.reveal() == "json://127.0.0.1:1/"
    with pytest.raises(DeliveryError, match="CREDENTIALS_DIRECTORY is not set"):
        Place(file="ops-url").read()


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DeliveryError, match="environment variable OPS_URL is not set"):
        Place(variable="OPS_URL").read()
    with pytest.raises(DeliveryError, match="cannot be read: No such file"):
        Place(file=str(tmp_path / "none")).read()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(DeliveryError, match="is no text"):
        Place(file=str(tmp_path / "bytes")).read()


def test_the_heartbeat_calls_its_address():
    with receiver() as taken:
        beat = Heartbeat(address=place(f"http://127.0.0.1:{taken.port}/b"), timeout_s=5)
        asyncio.run(beat.beat())

    assert [(method, path) for method, path, _, _ in taken.requests] == [("GET", "/b")]


@pytest.fixture
def root_log():
    """Everything that a daemon's handler would get, at the most talkative level."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(before)
    root.removeHandler(handler)


def test_no_log_holds_an_address(root_log):
    logging.getLogger("else").debug("heard")
    with receiver(answers=[200, 500]) as taken:
        url = f"127.0.0.1:{taken.port}/{TOKEN}"
        for courier in (apprise(f"json://{url}"), webhook(f"http://{url}")):
            for _ in range(2):
                with contextlib.suppress(DeliveryError):
                    deliver(courier)
    with pytest.raises(DeliveryError):
        deliver(apprise(f"json://127.0.0.1:{closed_port()}/{TOKEN}"))
    with pytest.raises(DeliveryError):
        deliver(apprise("slack://CANARY"))

    assert "heard" in root_log.getvalue()
    assert "CANARY" not in root_log.getvalue()
