"""Every mistake that people make in these files is named with its file, its line and the remedy."""

from tests.programs.conftest import Copy
from townkeeper.kit.schema import LANGUAGES
from townkeeper.programs.check import check_program
from townkeeper.programs.findings import Finding


def found(copy: Copy, code: str) -> Finding:
    """Return the one finding of a code; every finding must say itself in all languages."""
    report = check_program(copy.path)
    for finding in report.findings:
        for language in LANGUAGES:
            assert finding.message(language), (finding.code, language)
    hits = [finding for finding in report.findings if finding.code == code]
    assert hits, [str(finding) for finding in report.findings if finding.severity != "note"]
    return hits[0]


def test_unknown_role_in_a_post(copy: Copy) -> None:
    line = copy.edit("posts.yaml", "role: operator", "role: operater")
    finding = found(copy, "role-unknown")
    assert finding.where == f"posts.yaml:{line}"
    assert "operater" in finding.message("en")
    assert "“operator”" in finding.message("en")
    assert "沒有崗位" in finding.message("zh-Hant")


def test_unknown_role_in_a_procedure(copy: Copy) -> None:
    line = copy.edit("procedures/problem.yaml", "performer: dispatcher", "performer: dispatchr")
    finding = found(copy, "procedure")
    assert finding.where == f"procedures/problem.yaml:{line}"
    assert "dispatchr" in finding.message("zh-Hans")


def test_cycle_of_units(copy: Copy) -> None:
    line = copy.line_of("units/offices.yaml", "parent: 511011-ZLB")
    copy.append(
        "units/offices.yaml",
        "  - {code: A, kind: office, parent: B, name: 甲}\n"
        "  - {code: B, kind: office, parent: A, name: 乙}\n",
    )
    finding = found(copy, "unit-cycle")
    assert finding.file == "units/offices.yaml"
    assert finding.line is not None
    assert finding.line > line
    assert "A → B → A" in finding.message("en")
    assert "成了環" in finding.message("zh-Hant")


def test_unit_that_is_its_own_parent(copy: Copy) -> None:
    line = copy.append("units/offices.yaml", "  - {code: A, kind: office, parent: A, name: 甲}\n")
    finding = found(copy, "unit-cycle")
    assert finding.where == f"units/offices.yaml:{line}"


def test_two_leads(copy: Copy) -> None:
    first = copy.line_of("duties.yaml", "lead: 511011-MZJ")
    copy.edit(
        "duties.yaml",
        "\n# 不是一件一件的事項",
        "\n  - key: rival\n    lead: 511011-CGJ\n    area: [group:urban]\n"
        "    categories: [matter/09003]\n\n# 不是一件一件的事項",
    )
    line = copy.line_of("duties.yaml", "lead: 511011-CGJ\n    area: [group:urban]\n    categ")
    finding = found(copy, "two-leads")
    assert finding.where == f"duties.yaml:{line}"
    assert f"duties.yaml:{first}" in finding.message("en")
    assert "matter/09003" in finding.message("zh-Hant")
    assert "協助" in finding.hint("zh-Hant")


def test_two_leads_one_after_the_other_are_right(copy: Copy) -> None:
    copy.edit(
        "duties.yaml", "  - key: mz-vagrancy\n", "  - key: mz-vagrancy\n    until: 2026-01-01\n"
    )
    copy.edit(
        "duties.yaml",
        "\n# 不是一件一件的事項",
        "\n  - key: later\n    lead: 511011-CGJ\n    area: [group:urban]\n    since: 2026-01-01\n"
        "    categories: [matter/09003]\n\n# 不是一件一件的事項",
    )
    assert check_program(copy.path).ok


def test_limit_nobody_can_meet_without_hours(copy: Copy) -> None:
    copy.edit("calendar.yaml", "  mon-fri: 09:00-12:00, 14:00-18:00", '  mon-fri: ""')
    line = copy.line_of("categories.yaml", "limit: 4wh")
    report = check_program(copy.path)
    hits = [f for f in report.errors if f.code == "limit-no-hours"]
    assert f"categories.yaml:{line}" in [f.where for f in hits]
    assert "mon-fri: 09:00-12:00" in hits[0].hint("en")
    assert any(f.file == "calendar.yaml" for f in report.errors)


def test_limit_outside_the_working_hours(copy: Copy) -> None:
    copy.edit("categories.yaml", "    outside_hours: intended\n", "")
    finding = found(copy, "limit-outside-hours")
    line = copy.line_of("categories.yaml", 'limit: "20:30"')
    assert finding.where == f"categories.yaml:{line}"
    assert "20:30" in finding.message("en")


def test_limit_that_runs_through_the_night(copy: Copy) -> None:
    line = copy.edit("categories.yaml", "limit: 4wh", "limit: 2h")
    finding = found(copy, "limit-elapsed-closed")
    assert finding.where == f"categories.yaml:{line}"
    assert finding.severity == "warning"


def test_limit_that_is_none(copy: Copy) -> None:
    line = copy.edit("categories.yaml", "limit: 4wh", "limit: 4 Stunden")
    finding = found(copy, "limit-wrong")
    assert finding.where == f"categories.yaml:{line}"
    assert "4wh" in finding.message("en")


def test_category_limit_longer_than_the_whole_procedure(copy: Copy) -> None:
    copy.edit("procedures/problem.yaml", "start: intake", "start: intake\nlimit: 10wd")
    finding = found(copy, "limit-longer-than-whole")
    assert finding.file == "procedures/problem.yaml"
    assert finding.line == copy.line_of("procedures/problem.yaml", "limit: 10wd")


def test_step_longer_than_the_whole(copy: Copy) -> None:
    copy.edit("procedures/problem.yaml", "start: intake", "start: intake\nlimit: 20wd")
    line = copy.edit("procedures/problem.yaml", "limit: 30wmin", "limit: 30wd")
    hits = [f for f in check_program(copy.path).findings if f.code == "procedure"]
    assert f"procedures/problem.yaml:{line + 0}" in [f.where for f in hits]


def test_wrong_indent(copy: Copy) -> None:
    line = copy.edit(
        "units/offices.yaml",
        "    kind: office\n    name: {zh-Hant: 區治理辦",
        "     kind: office\n    name: {zh-Hant: 區治理辦",
    )
    finding = found(copy, "indent")
    assert finding.where == f"units/offices.yaml:{line}"
    assert "5" in finding.message("zh-Hant")
    assert "4" in finding.hint("zh-Hant")


def test_indent_too_small(copy: Copy) -> None:
    line = copy.edit("duties.yaml", "    categories: [matter/06]\n", "   categories: [matter/06]\n")
    finding = found(copy, "indent")
    assert finding.where == f"duties.yaml:{line}"


def test_tab(copy: Copy) -> None:
    line = copy.edit("duties.yaml", "    lead: 511011-CGJ\n", "\tlead: 511011-CGJ\n")
    finding = found(copy, "tab")
    assert finding.where == f"duties.yaml:{line}"


def recode(copy: Copy, name: str, encoding: str) -> None:
    file = copy.path / name
    text = file.read_text("utf-8").replace("・", "·")
    file.write_bytes(text.encode(encoding, errors="replace"))


def test_encoding_gbk(copy: Copy) -> None:
    recode(copy, "roles.yaml", "gbk")
    finding = found(copy, "encoding-legacy")
    assert finding.where == "roles.yaml:1"
    assert "GBK" in finding.message("en")
    assert "UTF-8" in finding.hint("zh-Hans")


def test_encoding_big5(copy: Copy) -> None:
    (copy.path / "roles.yaml").write_bytes("# 區級各部門的名稱和責任\nroles: {}\n".encode("big5"))
    assert "Big5" in found(copy, "encoding-legacy").message("en")


def test_encoding_utf16(copy: Copy) -> None:
    recode(copy, "roles.yaml", "utf-16")
    assert "UTF-16" in found(copy, "encoding-utf16").message("en")


def test_byte_order_mark_is_only_a_warning(copy: Copy) -> None:
    recode(copy, "roles.yaml", "utf-8-sig")
    assert found(copy, "encoding-bom").severity == "warning"
    assert check_program(copy.path).ok


def test_not_text_at_all(copy: Copy) -> None:
    (copy.path / "roles.yaml").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(128, 256)) * 4)
    assert found(copy, "encoding-broken").file == "roles.yaml"


def test_key_written_twice(copy: Copy) -> None:
    line = copy.edit(
        "program.yaml", "number_prefix: DX\n", "number_prefix: DX\nnumber_prefix: DY\n"
    )
    finding = found(copy, "duplicate-key")
    assert finding.where == f"program.yaml:{line + 1}"
    assert str(line) in finding.message("en")


def test_misspelt_key(copy: Copy) -> None:
    line = copy.edit("units/offices.yaml", "    kind: office\n", "    kinds: office\n")
    finding = found(copy, "key-unknown")
    assert finding.where == f"units/offices.yaml:{line}"
    assert "“kind”" in finding.message("en")
    assert found(copy, "key-missing").params["key"] == "kind"


def test_misspelt_value(copy: Copy) -> None:
    line = copy.edit("units/offices.yaml", "    kind: office\n", "    kind: ofice\n")
    finding = found(copy, "value-unknown")
    assert finding.where == f"units/offices.yaml:{line}"
    assert "“office”" in finding.message("zh-Hant")


def test_code_without_quotes(copy: Copy) -> None:
    line = copy.edit("units/townships.yaml", 'code: "511011001"', "code: 511011001")
    finding = found(copy, "code-not-quoted")
    assert finding.where == f"units/townships.yaml:{line}"


def test_unclosed_bracket(copy: Copy) -> None:
    line = copy.edit(
        "duties.yaml",
        "categories: [matter/06010, matter/06012, matter/06014]",
        "categories: [matter/06010",
    )
    assert found(copy, "unclosed").where == f"duties.yaml:{line}"


def test_alias_and_tag_are_refused(copy: Copy) -> None:
    copy.append("program.yaml", "extra: &a 1\nmore: *a\n")
    assert found(copy, "alias").file == "program.yaml"
    copy.append("roles.yaml", "bad: !!python/object/apply:os.system [ls]\n")
    assert not check_program(copy.path).ok


def test_unknown_unit_category_group(copy: Copy) -> None:
    unit = copy.edit("duties.yaml", "lead: 511011-HBJ", "lead: 511011-HBX")
    group = copy.edit("duties.yaml", "area: [group:urban, group:townships]", "area: [group:urbn]")
    category = copy.edit("duties.yaml", "local/street-coal-burning", "local/street-coal")
    assert found(copy, "unit-unknown").where == f"duties.yaml:{unit}"
    assert "511011-" in found(copy, "unit-unknown").message("en")
    assert found(copy, "group-unknown").where == f"duties.yaml:{group}"
    assert "“urban”" in found(copy, "group-unknown").message("en")
    assert found(copy, "category-unknown").where == f"duties.yaml:{category}"


def test_unknown_permission(copy: Copy) -> None:
    line = copy.edit("roles.yaml", "cases:case:open", "cases:case:opne")
    assert found(copy, "permission-unknown").where == f"roles.yaml:{line}"


def test_category_without_duty(copy: Copy) -> None:
    copy.edit("duties.yaml", "local/street-coal-burning, ", "")
    copy.edit("duties.yaml", "categories: [matter/06, ", "categories: [")
    hits = [f for f in check_program(copy.path).findings if f.code == "duty-gap"]
    assert any("臨街經營性燃煤" in f.message("zh-Hant") for f in hits)
    assert all(f.file == "categories.yaml" and f.line for f in hits)


def test_category_without_duty_in_some_areas(copy: Copy) -> None:
    copy.edit("duties.yaml", "categories: [matter/06, ", "categories: [")
    finding = found(copy, "duty-gap-somewhere")
    assert finding.severity == "warning"
    assert "個區域" in finding.message("zh-Hant")


def test_weights_that_do_not_add_up(copy: Copy) -> None:
    copy.edit("schemes/monthly.yaml", "weight: 50", "weight: 45")
    finding = found(copy, "weights")
    assert finding.where == f"schemes/monthly.yaml:{copy.line_of('schemes/monthly.yaml', 'items:')}"
    assert "95" in finding.message("en")


def test_unknown_metric(copy: Copy) -> None:
    line = copy.edit("schemes/monthly.yaml", "metric: rework_rate", "metric: rework_ratio")
    finding = found(copy, "metric-unknown")
    assert finding.where == f"schemes/monthly.yaml:{line}"
    assert "“rework_rate”" in finding.message("en")


def test_group_of_a_scheme_without_units(copy: Copy) -> None:
    copy.edit(
        "units/groups.yaml",
        'units: ["511011001", "511011002", "511011003", "511011004"]',
        "units: []",
    )
    assert found(copy, "scheme-group-empty").file == "schemes/monthly.yaml"
    assert found(copy, "group-empty").file == "units/groups.yaml"


def test_unit_in_two_groups_of_a_scheme(copy: Copy) -> None:
    line = copy.edit(
        "schemes/monthly.yaml", "units: [group:urban]", 'units: [group:urban, "511011100"]'
    )
    assert line
    assert found(copy, "unit-in-two-groups").params["code"] == "511011100"


def test_target_below_today(copy: Copy) -> None:
    copy.append(
        "targets.yaml",
        "  - indicator: public-toilets\n    for: [group:urban]\n    at_least: 60\n",
    )
    finding = found(copy, "target-below-today")
    assert "60" in finding.message("en")
    assert "62" in finding.message("en")


def test_rule_that_can_never_fire(copy: Copy) -> None:
    line = copy.line_of("rules.yaml", 'when: {indicator: public-awareness, for: "group:townships"')
    copy.edit("rules.yaml", 'for: "group:townships", below: 95', 'for: "group:townships", below: 0')
    finding = found(copy, "rule-never")
    assert finding.where == f"rules.yaml:{line}"
    copy.edit("rules.yaml", "rank: last", "rank: 40")
    never = [f for f in check_program(copy.path).findings if f.code == "rule-never"]
    assert any("沒有哪個組" in f.message("zh-Hant") for f in never)


def test_source_outside_the_policy(copy: Copy) -> None:
    line = copy.edit("places.yaml", "source: 篇2 L103", "source: 篇2 L140")
    finding = found(copy, "source-range")
    assert finding.where == f"places.yaml:{line}"
    copy.edit("places.yaml", "source: 篇2 L140", "source: somewhere")
    assert found(copy, "source-form").where == f"places.yaml:{line}"


def test_figure_that_nobody_computes(copy: Copy) -> None:
    line = copy.edit("bulletins/monthly.yaml", "{on_time_rate}", "{ontime_rate}")
    finding = found(copy, "figure-unknown")
    assert finding.where == f"bulletins/monthly.yaml:{line}"
    assert "“on_time_rate”" in finding.message("en")
    copy.edit("bulletins/monthly.yaml", "{ontime_rate}", "{on_time_rate")
    assert found(copy, "brace").where == f"bulletins/monthly.yaml:{line}"


def test_names_that_no_column_holds(copy: Copy) -> None:
    line = copy.edit("units/offices.yaml", "zh-Hant: 區民政局", "zh-Hant: " + "區" * 121)
    assert found(copy, "text-long").where == f"units/offices.yaml:{line}"
    line = copy.edit("procedures/problem.yaml", "procedure: problem", "procedure: " + "p" * 41)
    assert found(copy, "procedure").where == f"procedures/problem.yaml:{line}"


def test_tree_that_is_too_deep(copy: Copy) -> None:
    lines = [f"  - {{code: L{n}, kind: other, parent: L{n - 1}, name: 層}}" for n in range(1, 50)]
    copy.append(
        "units/offices.yaml", "  - {code: L0, kind: other, name: 層}\n" + "\n".join(lines) + "\n"
    )
    assert found(copy, "unit-too-deep").params["code"] == "L40"


def test_target_without_a_source(copy: Copy) -> None:
    line = copy.append(
        "targets.yaml",
        "  - indicator: public-awareness\n    for: [group:urban]\n    at_least: 99\n",
    )
    assert found(copy, "source-none").where == f"targets.yaml:{line}"


def test_duty_said_twice(copy: Copy) -> None:
    copy.edit("duties.yaml", "assist: [each, 511011-SWJ]", "assist: [each, 511011-SWJ, 511011-CJD]")
    assert check_program(copy.path).ok
    copy.edit(
        "duties.yaml",
        "\n# 不是一件一件的事項",
        "\n  - key: again\n    assist: [511011-MZJ]\n    area: [group:urban]\n"
        "    categories: [matter/09003]\n    source: 篇2 L95\n\n# 不是一件一件的事項",
    )
    assert "511011-MZJ" in found(copy, "duty-twice").message("en")


def test_outline_that_is_none(copy: Copy) -> None:
    (copy.path / "outline.geojson").write_text('{"features": [{"geometry": 5}]}', "utf-8")
    assert found(copy, "outline-form").file == "outline.geojson"
    (copy.path / "outline.geojson").unlink()
    assert found(copy, "outline-missing").file == "program.yaml"


def test_key_place_whose_problem_nobody_leads(copy: Copy) -> None:
    copy.edit("places.yaml", 'area: "511011002"', 'area: "511011"')
    assert any("中興路" in f.message("zh-Hant") for f in check_program(copy.path).findings)


def test_missing_files_and_misspelt_names(copy: Copy) -> None:
    (copy.path / "duties.yaml").rename(copy.path / "duty.yaml")
    assert found(copy, "file-missing").file == "duties.yaml"
    assert "duties.yaml" in found(copy, "file-unknown").message("en")


def test_folder_that_is_not_there(copy: Copy) -> None:
    report = check_program(copy.path / "nowhere")
    assert [f.code for f in report.errors] == ["folder-missing"]


def test_empty_file(copy: Copy) -> None:
    (copy.path / "rules.yaml").write_text("# nothing\n", "utf-8")
    assert found(copy, "empty-file").file == "rules.yaml"
