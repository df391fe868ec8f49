"""Every jump of three real forms agrees with a table written by hand from their own JSON."""

import pytest

from tests.quizzes.importing.forms import with_real_forms
from tests.quizzes.importing.walking import known_form, leads_to

pytestmark = [pytest.mark.django_db, with_real_forms]

TYPEFORM = "-typeform"
DEMO = [
    ("question-group-yes-no", {"question-group-yes-no": False}, "yes-no"),
    ("question-group-yes-no", {"question-group-yes-no": True}, "question-group-file-upload"),
    ("question-group-file-upload", {}, "yes-no"),
    ("yes-no", {"yes-no": True}, "number"),
    ("yes-no", {"yes-no": False}, "statement"),
    ("statement", {}, "end thank-you-2"),
    ("number", {"number": 42}, "end thank-you-2"),
    ("number", {"number": 99}, "end thank-you-2"),
    ("number", {"number": 0}, "number-min-max"),
    ("number", {"number": 7}, "date"),
    ("number", {}, "date"),
    ("number-min-max", {"number-min-max": 42}, "end thank-you-2"),
    ("number-min-max", {"number-min-max": 41}, "date"),
    ("date", {"date": "2025-01-01"}, "end thank-you-2"),
    ("date", {"date": "2025-01-02"}, "opinion-scale"),
    ("opinion-scale", {"opinion-scale": 0}, "opinion-scale-no-labels"),
    ("opinion-scale", {"opinion-scale": 1}, "single-choice"),
    ("opinion-scale", {"opinion-scale": 5}, "single-choice"),
    ("opinion-scale-no-labels", {"opinion-scale-no-labels": 9}, "single-choice"),
    ("opinion-scale-no-labels", {"opinion-scale-no-labels": 10}, "end thank-you-2"),
    ("opinion-scale-no-labels", {}, "end thank-you-2"),
    ("single-choice", {"single-choice": "Choice 3"}, "multiple-choice"),
    ("multiple-choice", {"multiple-choice": ["Choice 1"]}, "select-dropdown"),
    ("multiple-choice", {"multiple-choice": ["Choice 1", "Choice 13"]}, "end default_tys"),
    ("select-dropdown", {"select-dropdown": "Choice 2"}, "short-text"),
    ("short-text", {"short-text": "Jumping"}, "end thank-you-2"),
    ("short-text", {"short-text": "I jump"}, "long-text"),
    ("long-text", {"long-text": "x"}, "end thank-you-1"),
]


def full(name):
    return name if name.endswith("default_tys") else f"{name}{TYPEFORM}"


@pytest.mark.parametrize(("ref", "said", "following"), DEMO)
def test_the_demonstration_form_leads_where_its_logic_says(ref, said, following):
    answers = {full(one): value for one, value in said.items()}
    assert leads_to(*known_form("DemoForm"), full(ref), answers) == full(following)


AGE, SEX = "patient-age", "sex-assigned-at-birth"
ACUTE, WELL, MIND = (f"reason-for-visit-{one}" for one in ("acute", "wellness", "mental-health"))
COLD = f"{ACUTE}-symptoms-cold-flu"
OTHER = "Other (please describe)"
CARE = [
    ("medicaid-enrolled", {"medicaid-enrolled": True}, "medicaid-confirmation"),
    ("medicaid-enrolled", {"medicaid-enrolled": False}, AGE),
    (SEX, {SEX: "Male", AGE: 18}, "reason-for-visit-category"),
    (SEX, {SEX: "Female", AGE: 18}, "health-history-female-pregnancy"),
    (SEX, {SEX: "Female", AGE: 12}, "minor-consent-guardian-present-confirmation"),
    (SEX, {SEX: "Male", AGE: 13}, "minor-consent-guardian-present"),
    ("minor-consent-guardian-present", {"minor-consent-guardian-present": False},
     "minor-consent-form-confirmation"),
    ("minor-consent-guardian-present", {"minor-consent-guardian-present": True},
     "minor-consent-guardian-answers-confirmation"),
    ("minor-consent-form-confirmation", {}, "minor-consent-guardian-answers-confirmation"),
    ("minor-consent-recent-weight", {}, "reason-for-visit-category"),
    (ACUTE, {ACUTE: OTHER}, f"{ACUTE}-other"),
    (ACUTE, {ACUTE: "Allergy symptoms"}, f"{ACUTE}-follow-up"),
    (f"{ACUTE}-follow-up", {ACUTE: "Urinary symptoms"}, f"{ACUTE}-symptoms-urinary"),
    (f"{ACUTE}-follow-up", {ACUTE: "Muscle or joint symptoms"}, f"{ACUTE}-body-region"),
    (f"{ACUTE}-follow-up", {ACUTE: OTHER}, f"{ACUTE}-photo-confirmation"),
    (COLD, {}, f"{ACUTE}-symptoms-duration"),
    (f"{ACUTE}-symptoms-duration", {}, f"{ACUTE}-symptoms-effect"),
    (f"{ACUTE}-symptoms-effect", {}, f"{ACUTE}-photo-confirmation"),
    (f"{ACUTE}-photo-confirmation", {}, f"{ACUTE}-detail"),
    (f"{ACUTE}-detail", {}, "preferred-pharmacy"),
    (f"{WELL}-follow-up", {AGE: 17}, f"{WELL}-last-physical-exam-date-available"),
    (f"{WELL}-follow-up", {AGE: 18}, f"{WELL}-employer-requirement"),
    (f"{WELL}-symptoms", {AGE: 18}, f"{WELL}-recent-height"),
    (f"{WELL}-symptoms", {AGE: 17}, f"{WELL}-detail"),
    (MIND, {AGE: 17}, f"{MIND}-age-confirmation"),
    (MIND, {AGE: 18}, f"{MIND}-support-requested"),
    (f"{MIND}-support-requested", {}, f"{MIND}-primary-care-confirmation"),
    (f"{MIND}-primary-care-confirmation", {}, f"{MIND}-concern-confirmation"),
    (f"{MIND}-detail", {}, "preferred-pharmacy"),  # the last of its group
    ("preferred-pharmacy", {}, "end ending-thank-you"),
]  # fmt: skip


@pytest.mark.parametrize(("ref", "said", "following"), CARE)
def test_the_intake_form_leads_where_its_logic_says(ref, said, following):
    assert leads_to(*known_form("PrimaryCareV3"), ref, said) == following


PT = "reason-for-visit-physical-therapy"
HEALTH = "health-history"
WHERE = f"{PT}-symptoms-location"
THERAPY = [
    ("age-category", {"age-category": 12},
     "minor-consent-guardian-present-confirmation-physical-therapy"),
    ("age-category", {"age-category": 18}, "biological-sex"),
    (f"{HEALTH}-changed", {f"{HEALTH}-changed": True}, f"{HEALTH}-changes"),
    (f"{HEALTH}-changed",
     {f"{HEALTH}-changed": False, "biological-sex": "Female", "age-category": 18},
     f"{HEALTH}-female-pregnancy"),
    (f"{HEALTH}-changed",
     {f"{HEALTH}-changed": False, "biological-sex": "Female", "age-category": 17}, WHERE),
    (f"{HEALTH}-form-completed", {f"{HEALTH}-form-completed": False},
     f"{HEALTH}-conditions-history"),
    (f"{HEALTH}-surgeries", {f"{HEALTH}-surgeries": False, "age-category": 17},
     f"{HEALTH}-conditions-family"),
    (f"{HEALTH}-surgeries", {f"{HEALTH}-surgeries": False, "age-category": 18},
     f"{HEALTH}-adult-tobacco-use-usage"),
    (WHERE, {WHERE: ["Knee"]}, f"{PT}-symptoms"),
    (f"{PT}-symptoms", {f"{PT}-symptoms": ["Swelling"], WHERE: ["Hip", "Pelvis"]},
     f"{PT}-symptoms-pelvic"),
    (f"{PT}-symptoms", {f"{PT}-symptoms": ["Swelling"], WHERE: ["Hip"]},
     f"{PT}-symptoms-duration"),
    (PT, {PT: ["Recent concussion"]}, f"{PT}-requires-appointment-confirmation"),
    (PT, {}, "49bbbbb5-b2db-4fe6-9257-2cea7a21159f"),
    (f"{PT}-detail", {}, "end thanks-for-completing-your-pt-intake-form"),
]  # fmt: skip


@pytest.mark.parametrize(("ref", "said", "following"), THERAPY)
def test_the_therapy_form_leads_where_its_logic_says(ref, said, following):
    assert leads_to(*known_form("PTIntake42"), ref, said) == following
