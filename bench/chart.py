"""A bar chart as SVG."""
from xml.sax.saxutils import escape

WIDTH, LABELS, FIGURES = 900, 260, 90
BAR, GAP, HEAD = 18, 6, 34
COLOURS = {"isoproc": "#1f6feb", "system": "#8b949e"}
OTHERS = "#d0d7de"


def text(x, y, content, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">'
            f"{escape(content)}</text>")


def bars(sections, title, unit):
    """`sections`: (heading, [(label, value)]). Each has its own scale, up to its largest."""
    parts, y = [text(10, 22, title, weight="bold")], HEAD
    for heading, rows in sections:
        if not rows:
            continue
        y += HEAD
        parts.append(text(10, y - 10, heading, weight="bold"))
        largest = max(value for _, value in rows)
        for label, value in rows:
            length = (WIDTH - LABELS - FIGURES) * value / largest
            colour = next((c for word, c in COLOURS.items() if label.startswith(word)), OTHERS)
            parts.append(text(LABELS - 8, y + BAR - 4, label, anchor="end"))
            parts.append(f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR}" '
                         f'fill="{colour}"/>')
            parts.append(text(LABELS + length + 6, y + BAR - 4, f"{value:,.0f} {unit}"))
            y += BAR + GAP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 10}" '
            f'font-family="sans-serif" font-size="13">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")
