"""N3 and N5: values, structure, expectations."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {
    "N301": Code("", ""),
    "N302": Code("", ""),
    "N303": Code("", ""),
    "N304": Code("", ""),
    "N305": Code("", ""),
    "N306": Code("", ""),
    "N307": Code("", ""),
    "N308": Code("", ""),
    "N309": Code("", ""),
    "N310": Code("", ""),
    "N311": Code("", ""),
    "N312": Code("", ""),
    "N313": Code("", ""),
    "N314": Code("", ""),
    "N320": Code("", ""),
    "N321": Code("", ""),
    "N322": Code("", ""),
    "N323": Code("", ""),
    "N324": Code("", ""),
    "N325": Code("", ""),
    "N326": Code("", ""),
    "N330": Code("", ""),
    "N331": Code("", ""),
    "N332": Code("", ""),
    "N333": Code("", ""),
    "N334": Code("", ""),
    "N335": Code("", ""),
    "N336": Code("", ""),
    "N340": Code("", ""),
    "N350": Code("", ""),
    "N351": Code("", ""),
    "N501": Code("", ""),
    "N502": Code("", ""),
    "N503": Code("", ""),
}
