"""What a person may do, as `area:thing:verb`; which role may do what is data."""

from enum import StrEnum


class Permission(StrEnum):
    """Every permission there is. Keep the list alphabetical; names never change their meaning."""

    ASSESSMENT_ROUND_PUBLISH = "assessment:round:publish"
    ASSESSMENT_ROUND_VIEW = "assessment:round:view"
    ASSESSMENT_ROUND_WORK = "assessment:round:work"
    CASES_CASE_ACT = "cases:case:act"
    CASES_CASE_IMPORT = "cases:case:import"
    CASES_CASE_OPEN = "cases:case:open"
    CASES_CASE_VIEW = "cases:case:view"
    CASES_REPORTER_VIEW = "cases:reporter:view"
    JOURNAL_ENTRY_VIEW = "journal:entry:view"
    PROGRAMS_PROGRAM_LOAD = "programs:program:load"
    PUBLICATION_BULLETIN_MAKE = "publication:bulletin:make"
    UNITS_UNIT_EDIT = "units:unit:edit"
