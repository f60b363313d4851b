"""Make the shipped category catalogue from a table of the standard's facts.

Run by hand when the facts change:

    python tools/make_categories.py categories.csv src/townkeeper/duties/catalogues/

The input has the columns kind, code, name_zh, name_en, parent_code and holds GB/T 47678.5-2026
with the older GB/T 30428.2-2013 and CJ/T 214-2007. Traditional names are derived (OpenCC,
`s2hk`), English names are ours. Older codes become aliases where the fact is known: the listed
codes of GB/T 30428.2-2013 by the rule "class + 5, item unchanged"; those of CJ/T 214-2007 by
equal names and by the short list below of names that were only reworded.
"""

import csv
import sys
from pathlib import Path

import opencc

NAME = "gbt47678-5-2026"
NEW = "_GBT47678.5-2026"
MIDDLE = "_GBT30428.2-2013"
OLD = "_CJT214-2007"
SHIFT = {"01": "06", "02": "07", "03": "08", "04": "09"}
"""Event class of GB/T 30428.2-2013 → matter class of GB/T 47678.5-2026."""

REWORDED = {
    "component": {
        "上水井盖": "01001",
        "通讯井盖": "01007",
        "无主井盖": "01023",
        "通讯交接箱": "01027",
        "健身设施": "01046",
        "停车咪表": "02003",
        "公交站亭": "02004",
        "出租车站牌": "02005",
        "高架立交桥": "02008",
        "交通标志牌": "02010",
        "绿地维护设施": "04009",
    },
    "matter": {
        "非装饰性树挂": "06019",
        "河堤破损": "06023",
        "道路遗撒": "06014",
        "水域秩序问题": "06024",
        "动物尸体清理": "06037",
        "乱堆物堆料": "06036",
        "占道废品收购": "09004",
        "道路积雪结冰": "10001",
        "建筑物外立面不洁": "06004",
    },
}
"""CJ/T 214-2007 names whose meaning is the same under another wording."""

USUAL = str.maketrans("户脱衞峯", "戶脫衛峰")
"""Shapes that Hong Kong's school list has and its offices do not."""


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of the table of facts."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def old_aliases(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    """Return the older codes of each key."""
    keys = {
        (row["kind"].removesuffix(NEW), row["name_zh"]): row["code"]
        for row in rows
        if row["kind"].endswith(NEW) and row["parent_code"]
    }
    aliases: dict[str, list[str]] = {}
    for row in rows:
        if not row["parent_code"]:
            continue
        if row["kind"] == f"event{MIDDLE}":
            code = SHIFT[row["parent_code"]] + "0" + row["code"][2:]
            aliases.setdefault(f"matter/{code}", []).append(f"GB/T 30428.2-2013 {row['code']}")
        elif row["kind"].endswith(OLD):
            kind = "component" if row["kind"].startswith("component") else "matter"
            found = keys.get((kind, row["name_zh"])) or REWORDED[kind].get(row["name_zh"])
            if found:
                old = "部件" if kind == "component" else "事件"
                aliases.setdefault(f"{kind}/{found}", []).append(
                    f"CJ/T 214-2007 {old}{row['code']}"
                )
    return aliases


def main(source: str, folder: str) -> None:
    """Write the catalogue."""
    rows = read_rows(Path(source))
    converter = opencc.OpenCC("s2hk")
    aliases = old_aliases(rows)
    target = Path(folder) / f"{NAME}.csv"
    count = 0
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["key", "parent", "zh-Hans", "zh-Hant", "en", "aliases"])
        for row in rows:
            if not row["kind"].endswith(NEW):
                continue
            kind = row["kind"].removesuffix(NEW)
            key = f"{kind}/{row['code']}"
            parent = f"{kind}/{row['parent_code']}" if row["parent_code"] else ""
            english = row["name_en"][:1].upper() + row["name_en"][1:]
            hans = row["name_zh"]
            hant = converter.convert(hans).translate(USUAL).replace("傢俱", "家具")
            writer.writerow([key, parent, hans, hant, english, "; ".join(aliases.get(key, ()))])
            count += 1
    print(f"{target}: {count} rows, {sum(map(len, aliases.values()))} older codes")


if __name__ == "__main__":
    main(*sys.argv[1:])
