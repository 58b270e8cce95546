"""What a managed login style is where nothing was customized: the Settings that a merged description shows."""

from __future__ import annotations

from typing import Any, Final


def _both(light: dict[str, Any], dark: dict[str, Any]) -> dict[str, Any]:
    return {"lightMode": light, "darkMode": dark}


SETTINGS: Final[dict[str, Any]] = {
    "categories": {
        "auth": {
            "authMethodOrder": [
                [{"display": "BUTTON", "type": "FEDERATED"}, {"display": "INPUT", "type": "USERNAME_PASSWORD"}],
            ],
            "federation": {"interfaceStyle": "BUTTON_LIST", "order": []},
        },
        "form": {
            "displayGraphics": True,
            "instructions": {"enabled": False},
            "languageSelector": {"enabled": False},
            "location": {"horizontal": "CENTER", "vertical": "CENTER"},
            "sessionTimerDisplay": "NONE",
        },
        "global": {
            "colorSchemeMode": "LIGHT",
            "pageFooter": {"enabled": False},
            "pageHeader": {"enabled": False},
            "spacingDensity": "REGULAR",
        },
    },
    "componentClasses": {
        "buttons": {"borderRadius": 6.0},
        "input": {
            "borderRadius": 6.0,
            **_both(
                {"defaults": {"backgroundColor": "ffffffff", "borderColor": "6b7280ff"}},
                {"defaults": {"backgroundColor": "111827ff", "borderColor": "9ca3afff"}},
            ),
        },
        "inputLabel": _both({"textColor": "111827ff"}, {"textColor": "e5e7ebff"}),
        "link": _both({"defaults": {"textColor": "1d4ed8ff"}}, {"defaults": {"textColor": "93c5fdff"}}),
        "focusState": _both({"borderColor": "1d4ed8ff"}, {"borderColor": "93c5fdff"}),
        "divider": _both({"borderColor": "e5e7ebff"}, {"borderColor": "374151ff"}),
    },
    "components": {
        "form": {
            "borderRadius": 8.0,
            "backgroundImage": {"enabled": False},
            "logo": {"enabled": False, "formInclusion": "IN", "location": "CENTER", "position": "TOP"},
            **_both(
                {"backgroundColor": "ffffffff", "borderColor": "d1d5dbff"},
                {"backgroundColor": "1f2937ff", "borderColor": "374151ff"},
            ),
        },
        "pageBackground": {"image": {"enabled": False}, **_both({"color": "f3f4f6ff"}, {"color": "0b1220ff"})},
        "pageText": _both(
            {"headingColor": "111827ff", "bodyColor": "374151ff", "descriptionColor": "4b5563ff"},
            {"headingColor": "f9fafbff", "bodyColor": "d1d5dbff", "descriptionColor": "9ca3afff"},
        ),
        "primaryButton": _both(
            {
                "defaults": {"backgroundColor": "1d4ed8ff", "textColor": "ffffffff"},
                "hover": {"backgroundColor": "1e40afff", "textColor": "ffffffff"},
            },
            {
                "defaults": {"backgroundColor": "93c5fdff", "textColor": "0b1220ff"},
                "hover": {"backgroundColor": "bfdbfeff", "textColor": "0b1220ff"},
            },
        ),
        "favicon": {"enabledTypes": ["ICO", "SVG"]},
    },
}
"""Colours are RRGGBBAA in hexadecimal, radii in pixels."""
