"""Active currencies and their minor units: the number of decimals of an amount.

Excluded are the metals, bonds, test codes and "no currency" of ISO 4217, and withdrawn currencies.

Source: ISO 4217, list one (2024).
"""

from collections.abc import Mapping

TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE "
    "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR "
    "ZMW ZWG"
)
NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
THREE = "BHD IQD JOD KWD LYD OMR TND"

DECIMALS: Mapping[str, int] = {
    **dict.fromkeys(TWO.split(), 2),
    **dict.fromkeys(NONE.split(), 0),
    **dict.fromkeys(THREE.split(), 3),
}
"""Code → number of decimals: 4500 minor units are 45.00 EUR, but 4500 JPY."""


def amount_text(amount: int, currency: str) -> str:
    """Format an amount in minor units: "45.00 EUR"."""
    decimals = DECIMALS[currency]
    whole, rest = divmod(abs(amount), 10**decimals)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{rest:0{decimals}} {currency}" if decimals else f"{sign}{whole} {currency}"
