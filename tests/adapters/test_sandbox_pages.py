"""The customers' pages: valid HTML and forms without scripts."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx
import pytest

from adapters.sandbox_gateway import SandboxGateway
from domain.ports.payment_gateway import CheckoutStatus
from sandbox_provider.cards import CARDS
from sandbox_provider.pages import money, time_left
from tests.adapters.sandbox_process import Customer, SandboxProcess, open_checkout

RETURN_URL = "http://127.0.0.1:8000/orders/one"
WITHOUT_END_TAG = {"meta", "link", "input"}


class Outline(HTMLParser):
    """Collects tags with attributes, and detects unclosed ones."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in WITHOUT_END_TAG:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
async def browser(sandbox: SandboxProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, verify=False) as browser:
        yield browser


def path_of(customer: Customer) -> str:
    return httpx.URL(customer.checkout.url).path


class TestCheckoutPage:
    async def test_it_shows_what_is_paid_how_long_and_every_card(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        customer = await open_checkout(client, amount=123_450)
        page = await browser.get(path_of(customer))
        assert page.status_code == 200
        outline = Outline(page.text)
        assert outline.open == []
        assert "EUR\N{NO-BREAK SPACE}1,234.50" in page.text
        assert customer.checkout.reference in page.text
        assert "9 minutes left" in page.text
        assert all(card.grouped_number in page.text and card.effect in page.text for card in CARDS)
        assert RETURN_URL in [link.get("href") for link in outline.all("a")]

    async def test_it_is_accessible_and_needs_no_script(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        page = await browser.get(path_of(await open_checkout(client)))
        outline = Outline(page.text)
        assert outline.all("html") == [{"lang": "en"}]
        assert len(outline.all("h1")) == len(outline.all("main")) == 1
        labelled = {label.get("for") for label in outline.all("label")}
        assert {field.get("id") for field in outline.all("input")} == labelled
        assert outline.all("script") == []
        assert all("style" not in attributes for _, attributes in outline.tags)
        assert "script-src" not in page.headers["content-security-policy"]
        assert "default-src 'none'" in page.headers["content-security-policy"]

    async def test_text_from_the_shop_is_escaped(self, client: SandboxGateway, browser: httpx.AsyncClient) -> None:
        page = (await browser.get(path_of(await open_checkout(client)))).text
        assert "Two seats &lt;b&gt;&amp; a half&lt;/b&gt;" in page
        assert "<b>" not in page

    async def test_the_style_sheet_is_served_by_the_provider(self, browser: httpx.AsyncClient) -> None:
        style = await browser.get("/sandbox/pages.css")
        assert style.headers["content-type"].startswith("text/css")
        assert "http" not in style.text
        assert "@import" not in style.text

    async def test_the_test_cards_have_a_page(self, browser: httpx.AsyncClient) -> None:
        page = (await browser.get("/sandbox")).text
        assert Outline(page).all("button") == []
        assert all(card.grouped_number in page for card in CARDS)


class TestForms:
    async def test_given_a_good_card_then_a_result_with_the_way_back(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        path = path_of(await open_checkout(client))
        answer = await browser.post(path, data={"card": "4242 4242 4242 4242"})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        page = (await browser.get(path)).text
        assert '<h1 class="done">Paid</h1>' in page
        assert RETURN_URL in [link.get("href") for link in Outline(page).all("a")]

    async def test_given_a_typing_error_then_the_form_again_with_an_alert(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        customer = await open_checkout(client)
        answer = await browser.post(path_of(customer), data={"card": "4242 4242 4242 424"})
        assert answer.status_code == 422
        assert {"class": "alert", "role": "alert"} in Outline(answer.text).all("p")
        found = await client.find_payment(customer.checkout.reference)
        assert found is not None
        assert found.status is CheckoutStatus.OPEN

    async def test_given_a_second_step_then_buttons_decide(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        path = path_of(await open_checkout(client))
        asked = await browser.post(path, data={"card": "4000002500003155"}, follow_redirects=True)
        [form] = Outline(asked.text).all("form")
        buttons = [button["value"] for button in Outline(asked.text).all("button")]
        assert buttons == ["approve", "decline"]
        done = await browser.post(str(form["action"]), data={"decision": "approve"}, follow_redirects=True)
        assert ">Paid<" in done.text

    async def test_given_a_declined_card_then_it_says_why(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        path = path_of(await open_checkout(client))
        page = (await browser.post(path, data={"card": "4000000000009995"}, follow_redirects=True)).text
        assert "does not hold enough money. Nothing was charged." in page

    async def test_given_no_answer_then_the_result_is_stated_as_unknown(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        answer = await browser.post(path_of(await open_checkout(client)), data={"card": "4242000000000505"})
        assert answer.status_code == 504
        assert "No answer from the bank" in answer.text

    async def test_given_an_expired_checkout_then_no_form(
        self, client: SandboxGateway, browser: httpx.AsyncClient
    ) -> None:
        customer = await open_checkout(client)
        await client.expire_checkout(customer.checkout.checkout_id)
        assert Outline((await browser.get(path_of(customer))).text).all("form") == []


class TestWords:
    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [(5, "EUR", "EUR 0.05"), (1_000_000, "EUR", "EUR 10,000.00"), (450, "JPY", "JPY 450"), (1, "KWD", "KWD 0.001")],
    )
    def test_money(self, amount: int, currency: str, text: str) -> None:
        assert money(amount, currency) == text.replace(" ", "\N{NO-BREAK SPACE}")

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (59.9, "less than a minute left"),
            (60, "1 minute left"),
            (179, "2 minutes left"),
            (3_600, "1 hour left"),
            (7_200, "2 hours left"),
        ],
    )
    def test_time_left_is_rounded_down(self, seconds: float, text: str) -> None:
        assert time_left(seconds) == text
