import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from personametrics.data.errors import InputError, ReadError, StudyError
from personametrics.elicit.plan.file import checked, load
from personametrics.elicit.plan.study import Plan

SMALL = {"model": "openai:m", "personas": "people.csv", "items": "items.csv"}
HEAD = "model: openai:m\npersonas: people.csv\nitems: items.csv\n"
TOML = 'model = "openai:m"\npersonas = "people.csv"\nitems = "items.csv"\n'


def written(folder: Path, content: str | bytes, name: str = "study.yaml") -> Path:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / name


def mistake(path: Path) -> str:
    """What is wrong with a file: one sentence that begins with its name."""
    with pytest.raises(StudyError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 1000
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return message.removeprefix(str(path))


@pytest.mark.parametrize(("name", "content"), [("a.yaml", HEAD), ("a.YML", HEAD), ("a.toml", TOML), ("a.json", json.dumps(SMALL))])
def test_the_smallest_study_reads_and_its_paths_are_beside_it(tmp_path: Path, name: str, content: str) -> None:
    plan = load(written(tmp_path, content, name))
    assert plan == Plan(model="openai:m", personas=f"{tmp_path}/people.csv", items=f"{tmp_path}/items.csv", out=f"{tmp_path}/run")


def test_absolute_paths_and_models_stay_and_folders_of_weights_are_beside_the_study(tmp_path: Path) -> None:
    content = {**SMALL, "personas": "/p.csv", "out": "/tmp/x", "model": "local:weights/a:b"}  # noqa: S108 (nothing is written)
    plan = load(written(tmp_path, json.dumps(content)))
    assert (plan.personas, plan.out, plan.model) == ("/p.csv", "/tmp/x", f"local:{tmp_path}/weights/a:b")  # noqa: S108
    assert load(written(tmp_path, json.dumps({**content, "model": "local:/w"}))).model == "local:/w"


def test_rows_in_the_study_are_taken_as_they_are(tmp_path: Path) -> None:
    content = """
model: m
personas:
  - {id: a, text: "You are {A}."}
  - id: b
    text: |
      You are B,
      they say.
items:
  - {id: q, text: "Tea?", scale: no|yes}
"""
    plan = load(written(tmp_path, content))
    assert plan.personas == [{"id": "a", "text": "You are {A}."}, {"id": "b", "text": "You are B,\nthey say.\n"}]
    assert plan.items == [{"id": "q", "text": "Tea?", "scale": "no|yes"}]


@pytest.mark.parametrize("name", ["study.yaml", "study.toml"])
def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path, name: str) -> None:
    content = (HEAD if name == "study.yaml" else TOML).replace("\n", "\r\n")
    assert load(written(tmp_path, b"\xef\xbb\xbf" + content.encode(), name)).model == "openai:m"
    content += "rnus: 5\r\n" if name == "study.yaml" else "rnus = 5\r\n"
    assert mistake(written(tmp_path, b"\xef\xbb\xbf" + content.encode(), name)).startswith(', line 4, key "rnus"')


MISTAKES: list[tuple[str, str, int, str, str]] = [
    # YAML after the head, TOML after the head, line, key, what is wrong
    ("runs: many", 'runs = "many"', 4, "runs", "input should be a valid integer, not 'many'"),
    ("runs: true", "runs = true", 4, "runs", "input should be a valid integer, not True"),
    ("runs: 5.0", "runs = 5.0", 4, "runs", "input should be a valid integer, not 5.0"),
    ("runs: '5'", 'runs = "5"', 4, "runs", "input should be a valid integer, not '5'"),
    ("runs: 0", "runs = 0", 4, "runs", "input should be greater than or equal to 1, not 0"),
    ("runs: 99999999999999999999", "runs = 99999999999999999999", 4, "runs", "input should be less than or equal to 1000000, not 999"),
    ("rnus: 5", "rnus = 5", 4, "rnus", 'unknown key. Did you mean "runs"?'),
    ("seed: 1\nsampling:\n  seed: x", 'seed = 1\n[sampling]\nseed = "x"', 6, "sampling.seed", "input should be a valid integer"),
    ("# the runs = 5\nruns: x", '# the runs = 5\nruns = "x"', 5, "runs", "input should be a valid integer"),
    ("check: 'no'", 'check = "no"', 4, "check", "input should be a valid boolean"),
    ("check: 1", "check = 1", 4, "check", "input should be a valid boolean, not 1"),
    ("score: .nan", "score = nan", 4, "score", "input should be a valid boolean"),
    ("level: .nan", "level = nan", 4, "level", "input should be "),
    ("level: 1", "level = 1", 4, "level", "input should be less than 1, not 1"),
    ("level: true", "level = true", 4, "level", "input should be a valid number, not True"),
    ("caps:\n  money: .inf", "[caps]\nmoney = inf", 5, "caps.money", "input should be a finite number, not inf"),
    ("caps:\n  calls: 0", "[caps]\ncalls = 0", 5, "caps.calls", "input should be greater than or equal to 1"),
    ("sampling:\n  temperature: hot", '[sampling]\ntemperature = "hot"', 5, "sampling.temperature", "input should be a valid number"),
    ("sampling: {temperature: hot}", 'sampling = {temperature = "hot"}', 4, "sampling.temperature", "input should be a valid number"),
    ("sampling:\n  top_k: 5", "[sampling]\ntop_k = 5", 5, "sampling.top_k", 'unknown key. Did you mean "top_p"?'),
    ("sampling: hot", 'sampling = "hot"', 4, "sampling", "input should be a mapping"),
    ("prompt:\n  jsn: x", '[prompt]\njsn = "x"', 5, "prompt.jsn", 'unknown key. Did you mean "json"?'),
    ("prompt:\n  style: digit", '[prompt]\nstyle = "digit"', 5, "prompt.style", "input should be 'label', 'number', 'letter' or 'json'"),
    ("prompt:\n  json: 5", "[prompt]\njson = 5", 5, "prompt.json", "input should be a valid string, not 5"),
    ("conditions:\n  wordin: [given]", '[conditions]\nwordin = ["given"]', 5, "conditions.wordin", "input should be 'wording', 'order' or"),
    ("conditions:\n  order: given", '[conditions]\norder = "given"', 5, "conditions.order", "input should be a valid list, not 'given'"),
    ("conditions:\n  order:\n  - 5", "[conditions]\norder = [5]", 5, "conditions.order.0", "input should be a valid string, not 5"),
    ("str: 1", "str = 1", 4, "str", "unknown key"),
    ("'a[b]': 1", '"a[b]" = 1', 4, "a[b]", "unknown key"),
    ("'[key]': 1", '"[key]" = 1', 4, "[key]", "unknown key"),
]


@pytest.mark.parametrize(("in_yaml", "in_toml", "line", "key", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, in_yaml: str, in_toml: str, line: int, key: str, message: str) -> None:
    for name, content in (("study.yaml", HEAD + in_yaml), ("study.toml", TOML + in_toml)):
        error = mistake(written(tmp_path, content, name))
        inside = name.endswith("yaml") and key == "conditions.order.0"
        assert error.startswith(f', line {line + inside}, key "{key}": {message}')
        assert "more mistake" not in error


@pytest.mark.parametrize(
    ("rows", "line", "key", "message"),
    [
        ("personas: 5", 2, "personas", "input should be a valid string, not 5"),
        ("personas: [a]", 2, "personas.0", "input should be a mapping, not 'a'"),
        ("personas:\n- id: a\n  text: x\n- id: 5\n  text: y", 5, "personas.1.id", "input should be a valid string, not 5"),
        ("personas:\n- id: a\n  text: [x]", 4, "personas.0.text", "input should be a valid string, not ['x']"),
        ("personas:\n- id: a\n  age: 70", 4, "personas.0.age", "input should be a valid string, not 70"),
        ("personas:\n- id: a\n  str: 70", 4, "personas.0.str", "input should be a valid string, not 70"),
    ],
)
def test_a_mistake_in_a_row_is_one_mistake(tmp_path: Path, rows: str, line: int, key: str, message: str) -> None:
    error = mistake(written(tmp_path, f"model: m\n{rows}\nitems: i.csv"))
    assert error == f', line {line}, key "{key}": {message}.'


def test_rows_in_toml_are_found_too(tmp_path: Path) -> None:
    content = 'model = "m"\nitems = "i"\n[[personas]]\nid = "a"\n[[personas]]\nid = "b"\n[[personas]]\nid = 5\n'
    assert mistake(written(tmp_path, content, "study.toml")).startswith(', line 8, key "personas.2.id": input should be a valid string')


def test_other_mistakes_are_counted(tmp_path: Path) -> None:
    assert mistake(written(tmp_path, HEAD + "runs: x\nsampling: {temperature: x}\npersnas: 1")).endswith("(2 more mistakes).")
    assert mistake(written(tmp_path, HEAD + "runs: x\nseed: y")).endswith("(1 more mistake).")
    message = mistake(written(tmp_path, HEAD + "prices:\n  tokens_out: 1\n  token_in: 1"))
    assert message.startswith(', line 6, key "prices.token_in": unknown key. Did you mean "tokens_in"?')
    assert message.endswith(" (1 more mistake).")


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    assert mistake(written(tmp_path, "personas: p.csv")) == ', key "model": it is missing.'
    assert mistake(written(tmp_path, HEAD + "prices:\n  tokens_in: 1")) == ', line 4, key "prices.tokens_out": it is missing.'


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n", "null", "5", "- a\n- b", "just words", "id,text\na,x\n"])
def test_what_is_no_mapping_says_what_a_study_is(tmp_path: Path, content: str) -> None:
    assert "a study must be a mapping with the keys model." in mistake(written(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("model: 'm", 1),
        (HEAD + "runs: [1, 2\n", 5),
        (HEAD + "\truns: 5", 4),
        (HEAD + "runs: 5: 6", 4),
        (HEAD + "--- \nmodel: m", 4),
        (HEAD + "runs: *five", 4),
        (HEAD + "runs: 5\nseed: 1\nruns: 8", 6),
        (HEAD + "sampling:\n  seed: 1\n  seed: 2", 6),
        (HEAD + "sampling: &a {seed: 1}\nprompt: {<<: *a}", 5),
        (HEAD + "? [a, b]\n: 5", 4),
        (HEAD + "runs: !!python/object/apply:os.system ['exit 1']", 4),
        (HEAD + "runs: !!python/name:os.system", 4),
        (HEAD + "runs: !mine 5", 4),
        (HEAD + "runs: !!int [5]", 4),
    ],
)
def test_broken_yaml_is_named_with_its_line(tmp_path: Path, content: str, line: int) -> None:
    assert mistake(written(tmp_path, content)).startswith(f", line {line}: ")


@pytest.mark.parametrize(
    "value", ["!!bool maybe", "!!int ''", "!!int x", "!!float ''", "!!timestamp x", "2024-13-45", "1" * 5000, "!!binary x", '"\\x00"', "\0"]
)
def test_values_that_yaml_itself_cannot_make_are_one_sentence(tmp_path: Path, value: str) -> None:
    mistake(written(tmp_path, HEAD + f"runs: {value}"))


@pytest.mark.parametrize("content", ["runs = 5\nruns = 8", "runs = ", "[sampling", "runs = 010", "\0"])
def test_broken_toml_is_named_with_its_line(tmp_path: Path, content: str) -> None:
    assert "(at line " in mistake(written(tmp_path, f"{TOML}{content}\n\n", "study.toml"))


def test_toml_numbers_without_end_are_one_sentence(tmp_path: Path) -> None:
    mistake(written(tmp_path, TOML + f"runs = {'1' * 5000}", "study.toml"))


BOMB = "a0: &a0 [x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30))


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        MERGES,
        BOMB + HEAD + "runs: *a29",
        BOMB + "model: m\nitems: i\npersonas: *a29",
        BOMB + "model: m\nitems: i\npersonas: [{id: *a29}]",
        BOMB + HEAD + "conditions: {order: *a29}",
        HEAD + "runs: &loop [*loop]",
        "&loop {model: *loop}",
    ],
)
def test_aliases_that_multiply_take_no_time(tmp_path: Path, content: str) -> None:
    began = time.process_time()
    mistake(written(tmp_path, content))
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("depth", [50, 150, 180, 190, 200, 220, 240, 260, 280, 300, 320, 340, 1000])
@pytest.mark.parametrize("name", ["study.yaml", "study.toml"])
def test_deep_nesting_is_one_sentence(tmp_path: Path, depth: int, name: str) -> None:
    assign = "runs: " if name.endswith("yaml") else "runs = "
    mistake(written(tmp_path, (HEAD if name.endswith("yaml") else TOML) + assign + "[" * depth + "]" * depth, name))


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    for path, reason in {
        tmp_path / "missing.yaml": "No such file or directory",
        tmp_path / "folder.yaml": "Is a directory",
        written(tmp_path, b"model: \xe4\n"): "it is not UTF-8 text",
        written(tmp_path, HEAD.encode("utf-16"), "b.yaml"): "it is not UTF-8 text",
        tmp_path / "study.yaml" / "below": "Not a directory",
    }.items():
        with pytest.raises(ReadError) as caught:
            load(path)
        assert str(caught.value) == f"{path} cannot be read ({reason})."


def test_values_from_python_are_checked_alike() -> None:
    assert checked(SMALL) == Plan.model_validate(SMALL)
    with pytest.raises(StudyError, match=r'^The study, key "runs": input should be a valid integer, not True\.$'):
        checked({**SMALL, "runs": True})
    with pytest.raises(StudyError, match=r"^The study: a study must be a mapping"):
        checked([SMALL])
    with pytest.raises(StudyError, match=r'^The study, key "5": '):
        checked({**SMALL, 5: 1})


def test_a_key_that_is_a_secret_never_shows(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, HEAD + "api_key: sk-secret"))
    assert "sk-secret" not in str(caught.value)


def validator() -> jsonschema.Draft202012Validator:
    schema = Plan.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_published_schema_takes_what_is_taken() -> None:
    validator().validate(SMALL)
    validator().validate(json.loads(Plan.model_validate(SMALL).model_dump_json(by_alias=True)))
    rows = {**SMALL, "personas": [{"id": "a", "text": "x"}], "prompt": {"json": "JSON!"}, "prices": {"tokens_in": 1, "tokens_out": 2.5}}
    validator().validate(rows)
    assert Plan.model_validate(rows).prompt.json_ == "JSON!"


WRONG: list[dict[str, Any]] = [
    {"personas": "p.csv"},
    {**SMALL, "rnus": 5},
    {**SMALL, "runs": 0},
    {**SMALL, "runs": True},
    {**SMALL, "runs": "5"},
    {**SMALL, "personas": 5},
    {**SMALL, "personas": [{"id": 5}]},
    {**SMALL, "prompt": {"json_": "x"}},
    {**SMALL, "sampling": {"temperature": -1}},
    {**SMALL, "conditions": {"wordin": ["given"]}},
    {**SMALL, "prices": {"tokens_in": 1}},
]


@pytest.mark.parametrize("content", WRONG)
def test_the_published_schema_refuses_what_is_refused(content: dict[str, Any]) -> None:
    assert not validator().is_valid(content)
    with pytest.raises(StudyError):
        checked(content)


def test_a_study_that_was_written_down_reads_back() -> None:
    plan = Plan.model_validate({**SMALL, "prompt": {"json": "x"}, "conditions": {"order": ["given"]}, "caps": {"money": 1}})
    assert Plan.model_validate(json.loads(json.dumps(plan.model_dump(by_alias=True)))) == plan


def test_no_part_takes_a_key_that_it_does_not_know() -> None:
    parts = [name for name, field in Plan.model_fields.items() if hasattr(field.annotation, "model_fields")]
    assert len(parts) >= 5
    for part in parts:
        with pytest.raises(StudyError, match=rf'key "{part}\.nonsense": unknown key\. .*Available: \w+'):
            checked({**SMALL, part: {"nonsense": 1}})
