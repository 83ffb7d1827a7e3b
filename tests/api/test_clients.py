"""The client of a request: never from a stranger's header entry, always from the operator's own proxies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.clients import FORWARDED, Clients, client_of_address, networks_in

PROXY = "10.0.0.1"
OUR_NETWORK = networks_in("10.0.0.0/8,fd00::/8")
ONE_HOP = Clients(trusted=OUR_NETWORK)
TWO_HOPS = Clients(trusted=OUR_NETWORK, hops=2)
RFC_7239 = Clients(trusted=OUR_NETWORK, header=FORWARDED)


class TestAddress:
    @pytest.mark.parametrize(
        ("host", "client"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("", ""),
        ],
    )
    def test_an_address_is_an_ipv4_address_or_a_64(self, host: str, client: str) -> None:
        assert client_of_address(host) == client


class TestForwardedFor:
    @pytest.mark.parametrize(
        ("headers", "client"),
        [
            (["192.0.2.1"], "192.0.2.1"),
            (["192.0.2.1:4711"], "192.0.2.1"),
            (["[2001:db8:1:2::1]:4711"], "2001:db8:1:2::/64"),
            (["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
            (["198.51.100.7", "192.0.2.1"], "192.0.2.1"),
            (["192.0.2.1, 198.51.100.7,"], PROXY),
            (["192.0.2.1, unknown"], PROXY),
            (["192.0.2.1, " + "9" * 5_000], PROXY),
            (["192.0.2.1, 10.0.0.2"], "10.0.0.2"),
            ([""], PROXY),
            ([], PROXY),
        ],
    )
    def test_one_proxy_is_believed_in_the_last_it_wrote(self, headers: list[str], client: str) -> None:
        assert ONE_HOP.behind(PROXY, headers) == client

    @pytest.mark.parametrize(
        ("headers", "client"),
        [
            (["192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            (["192.0.2.1", "10.0.0.2"], "192.0.2.1"),
            (["198.51.100.7, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            (["192.0.2.1, 198.51.100.7"], "198.51.100.7"),
            (["192.0.2.1, 10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (["10.0.0.2"], "10.0.0.2"),
        ],
    )
    def test_two_proxies_are_believed_as_far_as_they_are_ours(self, headers: list[str], client: str) -> None:
        assert TWO_HOPS.behind(PROXY, headers) == client

    @given(st.lists(st.text(st.characters(codec="latin-1"), max_size=40), max_size=4))
    def test_what_a_stranger_writes_before_it_changes_nothing(self, forged: list[str]) -> None:
        assert ONE_HOP.behind(PROXY, [*forged, "192.0.2.1"]) == "192.0.2.1"
        assert TWO_HOPS.behind(PROXY, [*forged, "192.0.2.1, 10.0.0.2"]) == "192.0.2.1"
        assert RFC_7239.behind(PROXY, [*forged, "for=192.0.2.1"]) == "192.0.2.1"


class TestForwarded:
    @pytest.mark.parametrize(
        ("header", "client"),
        [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=192.0.2.1;proto=https;by=10.0.0.1", "192.0.2.1"),
            ('proto=https; for="192.0.2.1:80"', "192.0.2.1"),
            ('for="[2001:db8:1:2::1]:4711"', "2001:db8:1:2::/64"),
            ('for="198.51.100.7, for=192.0.2.1', "192.0.2.1"),
            ("for=192.0.2.1, for=_hidden", PROXY),
            ('for=192.0.2.1;host="x,for=198.51.100.7"', "192.0.2.1"),
            ('host=";for=198.51.100.7";for=192.0.2.1', "192.0.2.1"),
            (r'host="\";for=198.51.100.7";for=192.0.2.1', "192.0.2.1"),
            (r'host="x\",for=198.51.100.7";for=192.0.2.1', "192.0.2.1"),
            ('for="198.51.100.7,"", for=192.0.2.1', "192.0.2.1"),
            ("for=192.0.2.1;host=" + "x" * 600, PROXY),
            ("for=192.0.2.1, proto=https", PROXY),
            ("192.0.2.1", PROXY),
        ],
    )
    def test_its_last_element_is_believed(self, header: str, client: str) -> None:
        assert RFC_7239.behind(PROXY, [header]) == client


def test_nobody_is_trusted_unless_named() -> None:
    assert not Clients().is_trusted("127.0.0.1")
    assert ONE_HOP.of_peer("192.0.2.1") == ("192.0.2.1", False)
    assert ONE_HOP.of_peer("::ffff:10.0.0.9") == ("10.0.0.9", True)
