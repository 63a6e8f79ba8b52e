"""Writes golden/templates/expected.json: what Jinja2 (pip install jinja2) makes of the templates beside it.

The environment is the one in which published chat templates are defined to run: trimmed blocks, loop controls, JSON that
keeps its characters, and a clock (stopped here).
"""

import json
import pathlib

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = pathlib.Path(__file__).parent.parent / "resources/golden/templates"


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda form: __import__("datetime").datetime(2025, 3, 4, 15, 6, 7).strftime(form)
    return env


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather at a place, \"now\"",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "Örtlichkeit"},
                "unit": {"type": "string", "enum": ["C", "F"]},
                "days": {"type": "integer", "default": 1},
            },
            "required": ["place"],
        },
    },
}
CALL = {
    "id": "abcdef123",
    "type": "function",
    "function": {"name": "get_weather", "arguments": {"place": "Paris", "days": 2}},
}
PLAIN = [{"role": "user", "content": " Hello?\n"}]
SYSTEM = [{"role": "system", "content": "Be brief. "}] + PLAIN
TURNS = PLAIN + [
    {"role": "assistant", "content": "<think>\nHm, a greeting.\n</think>\n\nHi!"},
    {"role": "user", "content": "And <b>\"you\"</b>?\nLine 2 – ünïcode 🙂"},
]
TOOLS = [
    {"role": "system", "content": "Use tools."},
    {"role": "user", "content": "Weather in Paris?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "name": "get_weather", "tool_call_id": "abcdef123", "content": "{\"temperature\": 21.5}"},
]
CASES = {
    "plain": dict(messages=PLAIN, add_generation_prompt=True),
    "system": dict(messages=SYSTEM, add_generation_prompt=True),
    "turns": dict(messages=TURNS, add_generation_prompt=True),
    "whole": dict(messages=TURNS + [{"role": "assistant", "content": " Fine. "}], add_generation_prompt=False),
    "tools": dict(messages=TOOLS[:2], tools=[WEATHER], add_generation_prompt=True),
    "called": dict(messages=TOOLS, tools=[WEATHER], add_generation_prompt=True),
    "answered": dict(
        messages=TOOLS + [{"role": "assistant", "content": "21.5 °C."}, {"role": "user", "content": "Thanks"}],
        tools=[WEATHER],
        add_generation_prompt=True,
    ),
    "two calls": dict(
        messages=TOOLS[:2]
        + [{"role": "assistant", "content": "Both.", "tool_calls": [CALL, CALL]}]
        + TOOLS[3:] * 2,
        tools=[WEATHER, WEATHER],
        add_generation_prompt=True,
    ),
    "no thinking": dict(messages=PLAIN, add_generation_prompt=True, enable_thinking=False),
    "parts": dict(
        messages=[{"role": "user", "content": [{"type": "text", "text": " a "}, {"type": "text", "text": "b"}]}],
        add_generation_prompt=True,
    ),
    "starts wrong": dict(messages=[{"role": "assistant", "content": "Hi"}], add_generation_prompt=True),
}
golden = {"cases": CASES, "expected": {}}
for path in sorted(FOLDER.glob("*.jinja")):
    template = environment().from_string(path.read_text())
    for name, case in CASES.items():
        try:
            given = {"tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>"} | case
            result = {"text": template.render(**given)}
        except jinja2.exceptions.TemplateError as e:
            result = {"refused": str(e)}
        except TypeError:  # operators between kinds of values that have none, in Python's words
            result = {"refused": ""}
        golden["expected"].setdefault(path.stem, {})[name] = result
(FOLDER / "expected.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")

SNIPPETS = r"""
{{ word.upper() }} {{ word|length }} {{ word[-2] }} {{ word[1:4] }} {{ word[::-1] }} {{ word.find('W') }}
{{ items|sort }} {{ items|sort(reverse=true) }} {{ items|max }} {{ items|min }} {{ items|sum }} {{ items|reverse|list }}
{{ person }} {{ person.name }} {{ person['age'] }} {{ person.missing }} {{ person.missing is defined }}
{{ person|tojson }} {{ person|tojson(indent=2) }} {{ person|tojson(sort_keys=true, separators=(',', ':')) }}
{{ person.items()|map('last')|list }} {{ person.keys()|list }} {{ person.values()|list }} {{ person|length }} {{ 'age' in person }}
{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7.5 % 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 1e3 }} {{ 1_000 }}
{{ 1e16 }} {{ 1e15 }} {{ 1.5e-5 }} {{ 0.0001 }} {{ 100.0 }} {{ 3.14 }} {{ 1/3 }} {{ -0.0 }} {{ 123456789.125 }}
{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ none == none }}
{{ none }} {{ true }} {{ [none, true, 'it''s', "it's", 'q"', 1.0] }} {{ {'a': {'b': []}} }} {{ 'tab\tnew\nline' }} {{ ['\t\n\\'] }}
{{ 'a' ~ 1 ~ none ~ 2.0 ~ [1] }} {{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1] + [2, 3] }}
{{ x is defined }} {{ x|default('d') }} {{ ''|default('d') }} {{ ''|default('d', true) }} {{ none|d('z') }} [{{ x }}] {{ x|length }}
{{ 'yes' if n > 5 else 'no' }} [{{ 'yes' if n > 10 }}] {{ ('a' if f else 'b') ~ 'c' }} {{ n if not yes else f }}
{% for i in items %}{{ loop.index }}{{ i }}{{ ', ' if not loop.last }}{% endfor %}
{% for i in items if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% else %}none{% endfor %}{% for i in [] %}{% else %}empty{% endfor %}
{% for k, v in person.items() %}{{ k }}={{ v }};{% endfor %}{% for k in person %}{{ k }} {% endfor %}{% for c in 'añ🙂' %}<{{ c }}>{% endfor %}
{% set a = 1 %}{% for i in items %}{% set a = i %}{{ a }}{% endfor %}{{ a }}{% if true %}{% set a = 9 %}{% endif %}{{ a }}
{% set ns = namespace(total=0, seen=[]) %}{% for i in items %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }}
{% set x, y = 1, 2 %}{{ x }}{{ y }}{% set t %}a{{ n }}b{% endset %}{{ t }}{% set u | upper %}abc{% endset %}{{ u }}
{% macro greet(name, greeting='Hi', mark=name) %}{{ greeting }} {{ name }}{{ mark }}{% endmacro %}{{ greet('Bo') }} {{ greet('Al', mark='?') }} {{ greet(greeting='Yo', name='C') }}
{% macro wrap() %}<{{ caller() }}>{% endmacro %}{% call wrap() %}inner {{ n }}{% endcall %}
{% macro list(xs) %}{% for x in xs %}{{ x }}{% if not loop.last %}-{% endif %}{% endfor %}{% endmacro %}{{ list(items) }}{{ list([]) }}
{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for row in [[1, [2, 3]], [4, []]] recursive %}{{ row[0] if row is not number else row }}{% if row is not number and row[1] %}({{ loop(row[1]) }}){% endif %}{% endfor %}
{% with a = 5, b = n %}{{ a + b }}{% endwith %}{% filter upper %}shout {{ n }}{% endfilter %}
{% if n == 1 %}one{% elif n == 7 %}seven{% else %}many{% endif %}{% if not n %}zero{% endif %}{% if n and not x and (f or x) %}ok{% endif %}
{{ ' a b '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xa'.lstrip('x') }}|{{ 'ax\n\n'.rstrip('\n') }}|{{ ' a  b '.split() }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a,b,c'.rsplit(',', 1) }}|{{ 'a\nb'.splitlines() }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'a-b'.replace('-', '+') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'abca'.count('a') }} {{ 'a b'.title() }} {{ 'aB c'.capitalize() }} {{ '12'.isdigit() }}
{{ 'x'|upper|lower }} {{ 'hello world'|title }} {{ ' a '|trim }}| {{ 'a<b>&"'|e }} {{ 'abc'|first }}{{ 'abc'|last }} {{ [1, 2]|join('-') }} {{ ['a', 'b']|join }} {{ 'a b c'|replace(' ', '_') }}
{{ [1, 'a', 2.0]|map('string')|list }} {{ [{'a': 1}, {'a': 2}]|map(attribute='a')|list }} {{ [{'a': 1}, {}]|map(attribute='a', default=0)|list }} {{ items|select('odd')|list }} {{ items|reject('greaterthan', 1)|list }}
{{ [{'r': 'u', 'c': 1}, {'r': 's', 'c': 2}]|selectattr('r', 'equalto', 'u')|list }} {{ [{'r': 'u'}, {'r': ''}]|rejectattr('r')|list }} {{ [{'n': 2}, {'n': 1}]|sort(attribute='n') }}
{{ ['a', 'A', 'b']|unique|list }} {{ {'b': 1, 'A': 2}|dictsort|map('join')|list }} {{ {'b': 1, 'a': 2}|dictsort(by='value')|map('join')|list }} {{ {'b': 1}|items|map('join')|list }}
{{ '3'|int }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ '2.5'|float }} {{ 3.7|int }} {{ 2.5|round }} {{ 3.14159|round(2) }} {{ 3.2|round(0, 'ceil') }} {{ -3|abs }}
{{ 'a\nb\n\nc'|indent(2) }} {{ 'a\nb'|indent(2, true) }} {{ 'some long text here'|truncate(10) }} {{ 'one two three'|wordcount }}
{{ '%s is %d (%.2f) %%'|format('it', 3, 2.5) }} {{ '%5s|%-5s|%05d' % ('a', 'b', 42) }}
{{ n is odd }} {{ n is even }} {{ n is divisibleby 7 }} {{ n is number }} {{ f is float }} {{ n is integer }} {{ yes is boolean }} {{ word is string }} {{ items is iterable }} {{ items is sequence }} {{ person is mapping }} {{ none is none }} {{ n is eq 7 }} {{ n is gt(3) }} {{ 'a' is in ['a'] }} {{ word is not none }} {{ yes is true }} {{ n is sameas 7 }} {{ x is undefined }} {{ 'ab' is lower }} {{ n is not odd }}
{{ 3 in items }} {{ 9 not in items }} {{ 'W' in word }} {{ not 3 in items }} {{ items[0] }} {{ items[-1] }} {{ items[:-1] }} {{ items[1:][0] }} {{ items[::2] }} {{ items[5:] }} [{{ items[9] }}]
{{ person.get('name') }} {{ person.get('zip', 'none') }} {{ person['tags'][1] }} {{ person.tags|join(', ') }} {{ (1, 2)|list }} {{ range(3)|list }} {{ range(5, 1, -2)|list }} {{ dict(a=1)['a'] }}
{%- if true -%}   tight   {%- endif -%}
a {%- if true %} b {%+ if true %}c{% endif %}{% endif -%}   d{#- comment -#}   e {{- ' f ' -}} g
{% raw %}{{ not rendered }} {% nor this %}{% endraw %} after {% raw -%}  x  {%- endraw %} y
{{ "double \" quote" }} {{ 'single \' quote' }} {{ "unicode \u00e9 \x41" }} {{ 'adjacent ' 'strings' }} {{ "back\\slash" }}
{{ word|tojson }} {{ 'ctrl \x01 </script>'|tojson }} {{ [1.0, 2, none, false]|tojson }} {{ {}|tojson }} {{ []|tojson(indent=1) }} {{ {'é': 1}|tojson(ensure_ascii=true) }}
{{ loop }}|{{ true and 'a' }}|{{ false or 'b' }}|{{ '' or none or 0 }}|{{ not '' }}|{{ 1 and 2 and 3 }}
{{ word.missing }}|{{ items.missing }}|{{ n.missing }}|{{ none.missing }}
{{ missing.attribute }}
{{ missing + 1 }}
{{ missing() }}
{{ 'a' + 1 }}
{{ none|length }}
{{ 1 < 'a' }}
{{ for }}
{{ [1, 2 }}
{{ (1 }}
{% for %}{% endfor %}
{% set 1 = 2 %}
{% endif %}
{{ 1 2 }}
{% if %}{% endif %}
{{ 'unterminated }}
""".strip("\n")


def snippets():
    given = dict(
        word="Grüße, Welt 🙂!", n=7, f=2.5, items=[3, 1, 2], person={"name": "Ada", "age": 36, "tags": ["x", "Y"]}, yes=True
    )
    golden = {}
    for template in SNIPPETS.split("\n") + [
        "  {% if true %}\n    a\n  {% endif %}\nb\n",
        "{% for i in items %}\n  {{ i }}\n{% endfor %}\n\nend\n\n",
        "x {# c #}\ny\n  {# d #}\nz",
        "a\r\nb{% set q = 1 %}\r\nc",
        "{% for i in items -%}\n  {{ i }}\n{%- endfor %}\nend",
        "line\n\t{%- if true %} in {% endif -%}\n\tout",
        "{{ [\n  1,\n  2,\n] }} {{ {'a': 1,} }} {{ person['name'\n] }}",
        "{{ n }}\n",
    ]:
        try:
            golden[template] = environment().from_string(template).render(**given)
        except (jinja2.exceptions.TemplateError, TypeError):
            golden[template] = None
    (FOLDER / "snippets.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


snippets()
