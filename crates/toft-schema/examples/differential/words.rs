//! Quantities, selectors and names.

use toft_value::{Map, Value, value};

use crate::random::Random;

fn quantity(random: &mut Random) -> String {
    let mut text = String::new();
    text.push_str(random.pick(&["", "", "", "-", "+"]));
    let parts: &[&str] = &[
        "0",
        "1",
        "5",
        "9",
        "10",
        "00",
        "999",
        "1024",
        "1000",
        "123456789",
    ];
    for _ in 0..random.below(3) {
        text.push_str(random.pick(parts));
    }
    if random.percent(40) {
        text.push('.');
        for _ in 0..random.below(4) {
            text.push_str(random.pick(parts));
        }
    }
    let suffixes: &[&str] = &[
        "", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
        "e3", "e-3", "E6", "e9", "E-9", "e+2", "K", "mi", "i", " ", "e", "e21", "E18", "e-12",
        "Zi",
    ];
    text.push_str(random.pick(suffixes));
    text
}

pub(crate) fn ask_quantity(random: &mut Random) -> Value {
    vec![Value::from(quantity(random)), Value::from(quantity(random))].into()
}

fn selector_text(random: &mut Random) -> String {
    let tokens: &[&str] = &[
        "a",
        "b",
        "x",
        "example.org/a",
        "in",
        "notin",
        "(",
        ")",
        ",",
        "=",
        "==",
        "!=",
        "!",
        ">",
        "<",
        " ",
        "1",
        "5",
        "a b",
        "A_b",
        "-",
        "é",
        "in (a,b)",
        "notin (a)",
        "a=b",
        "x!=y",
        "b in (x, y)",
        "!a",
        "a>4",
        "()",
        "(a,)",
        "(,a)",
        "\t",
        "a,b",
        "x in ()",
        "/",
        "a/b/c",
        "",
    ];
    let mut text = String::new();
    for _ in 0..=random.below(5) {
        text.push_str(random.pick(tokens));
        if random.percent(25) {
            text.push_str(random.pick(&[",", " ", ", "]));
        }
    }
    text
}

fn sets(random: &mut Random) -> Value {
    let sets = (0..4).map(|_| {
        let mut set = Map::new();
        for key in ["a", "b", "x", "example.org/a"] {
            if random.percent(50) {
                set.insert(key, random.pick(&["a", "b", "y", "", "5", "1"]));
            }
        }
        Value::Map(set)
    });
    sets.collect::<Vec<_>>().into()
}

pub(crate) fn ask_selector(random: &mut Random) -> Value {
    let sets = sets(random);
    match random.below(3) {
        0 => {
            let tokens: &[&str] = &[
                "a", "b", "=", "==", "!=", ",", "\\,", "\\=", "\\", "x=y", "a.b", " ", "\\x",
            ];
            let text: String = (0..=random.below(6)).map(|_| random.pick(tokens)).collect();
            value!({"fields": text, "sets": sets})
        }
        1 => {
            let mut selector = Map::new();
            if random.percent(60) {
                let mut labels = Map::new();
                labels.insert(
                    random.pick(&["a", "b", "-"]),
                    random.pick(&["a", "", "b", "b-"]),
                );
                selector.insert("matchLabels", labels);
            }
            let expressions = (0..random.below(3)).map(|_| {
                let mut expression = value!({
                    "key": (random.pick(&["a", "b", "x", "a b"])),
                    "operator": (random.pick(&["In", "NotIn", "Exists", "DoesNotExist", ""])),
                });
                if random.percent(60) {
                    let values = (0..random.below(3))
                        .map(|_| Value::from(random.pick(&["a", "b", "", "b c"])));
                    expression.set_at(&["values"], values.collect::<Vec<_>>());
                }
                expression
            });
            let expressions: Vec<Value> = expressions.collect();
            if !expressions.is_empty() {
                selector.insert("matchExpressions", expressions);
            }
            value!({"selector": selector, "sets": sets})
        }
        _ => value!({"labels": (selector_text(random)), "sets": sets}),
    }
}

pub(crate) fn ask_name(random: &mut Random) -> Value {
    let tokens: &[&str] = &[
        "a",
        "b-c",
        "A",
        ".",
        "-",
        "_",
        "/",
        "example.org",
        "0",
        "1",
        "é",
        " ",
        "--",
        "..",
        "x.y",
        "%",
        "=",
        "*",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    let text: String = (0..random.below(6)).map(|_| random.pick(tokens)).collect();
    text.into()
}
