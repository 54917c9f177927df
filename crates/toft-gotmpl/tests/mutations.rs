//! Templates that were cut or lost a character give a text or an error, and never a crash.

use toft_gotmpl::{Data, Settings, Template};
use toft_value::Value;

const TEMPLATES: [&str; 5] = [
    include_str!("cases/collections/input/templates.txt"),
    include_str!("cases/control/input/templates.txt"),
    include_str!("cases/errors/input/templates.txt"),
    include_str!("cases/printing/input/templates.txt"),
    include_str!("cases/strings/input/templates.txt"),
];
const DATA: &str = include_str!("cases/strings/input/data.json");

fn try_one(text: &str, data: &Data) -> usize {
    let Ok(template) = Template::parse("t", text) else {
        return 0;
    };
    usize::from(template.render(data, &Settings::default()).is_ok())
}

#[test]
fn mutated_templates_never_crash() {
    let data = Value::from_json(DATA.as_bytes()).expect("the data is JSON");
    let data = Data::from_value(&data);
    let (mut tried, mut good) = (0, 0);
    for section in TEMPLATES.iter().flat_map(|text| text.split("=== ")) {
        let template = section
            .split_once('\n')
            .map_or("", |(_, template)| template);
        let cuts = template.char_indices().map(|(at, _)| at);
        for at in cuts.filter(|at| at % 3 == 0) {
            let (before, after) = template.split_at(at);
            let shorter: String = after.chars().skip(1).collect();
            good += try_one(before, &data) + try_one(&format!("{before}{shorter}"), &data);
            tried += 2;
        }
    }
    assert!(tried > 5000, "{tried}");
    assert!(good > 500, "{good} of {tried}");
}
