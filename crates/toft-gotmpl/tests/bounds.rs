//! No template hangs, crashes or fills the memory.

use toft_gotmpl::{Data, Settings, Template};
use toft_value::value;

fn render(text: &str) -> Result<String, String> {
    let template = Template::parse("t", text).map_err(|error| error.to_string())?;
    let data = Data::from_value(&value!({"name": "nas"}));
    let rendered = template.render(&data, &Settings::default());
    rendered.map_err(|error| error.to_string())
}

fn refused(text: &str, words: &str) {
    let error = render(text).expect_err("the template asks for too much");
    assert!(error.contains(words), "{error}");
}

#[test]
fn a_template_that_calls_itself_ends() {
    let text = r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#;
    refused(text, "exceeded maximum template depth");
}

#[test]
fn two_loops_in_each_other_end() {
    refused(
        "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
        "steps of work",
    );
}

#[test]
fn a_long_range_ends() {
    refused("{{ range 9223372036854775807 }}{{ end }}", "steps of work");
    refused("{{ until 9223372036854775807 }}", "steps of work");
    refused(
        "{{ untilStep 0 9223372036854775807 1 | len }}",
        "steps of work",
    );
}

#[test]
fn a_text_does_not_grow_without_end() {
    refused(r#"{{ repeat 1000000000 "x" }}"#, "longer than");
    refused(r#"{{ indent 1000000000 "x" }}"#, "longer than");
    refused(
        r#"{{ $x := "0123456789" }}{{ range 40 }}{{ $x = printf "%s%s" $x $x }}{{ end }}"#,
        "steps of work",
    );
    refused(
        r#"{{ $x := "aaaaaaaaaa" }}{{ range 40 }}{{ $x = replace "a" "aaaaaaaaaa" $x }}{{ end }}"#,
        "longer than",
    );
    refused(
        r#"{{ $x := repeat 1000000 "x" }}{{ range 20 }}{{ $x }}{{ end }}"#,
        "the output is longer than",
    );
}

#[test]
fn deep_nesting_is_an_error() {
    let parens = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    refused(&parens, "max expression depth exceeded");
    let blocks = format!(
        "{}{}",
        "{{ if true }}".repeat(5000),
        "{{ end }}".repeat(5000)
    );
    refused(&blocks, "max expression depth exceeded");
    let chain = format!(
        "{{{{ if false }}}}{}{{{{ end }}}}",
        "{{ else if false }}".repeat(5000)
    );
    refused(&chain, "max expression depth exceeded");
}

#[test]
fn a_map_that_holds_itself_is_printed_and_refused_as_json() {
    let text = r#"{{ $d := dict }}{{ $_ := set $d "self" $d }}"#;
    refused(&format!("{text}{{{{ $d }}}}"), "holds itself");
    refused(&format!("{text}{{{{ printf \"%v\" $d }}}}"), "holds itself");
    refused(&format!("{text}{{{{ toJson $d }}}}"), "holds itself");
    refused(&format!("{text}{{{{ deepCopy $d }}}}"), "holds itself");
    refused(&format!("{text}{{{{ deepEqual $d $d }}}}"), "holds itself");
    refused(&format!("{text}{{{{ merge (dict) $d }}}}"), "holds itself");
}

#[test]
fn a_list_of_lists_of_lists_is_not_printed() {
    let text = "{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}";
    for action in [
        "$x",
        "toYaml $x",
        "deepCopy $x",
        "has 1 $x",
        "uniq $x",
        "toString $x | fail",
    ] {
        let rendered = render(&format!("{text}{{{{ {action} }}}}"));
        assert!(rendered.is_err(), "{action}");
    }
}

#[test]
fn chance_and_clock_come_from_outside() {
    let text = "{{ randAlphaNum 16 }} {{ uuidv4 }} {{ now.Unix }}";
    let template = Template::parse("t", text).expect("the template parses");
    let data = Data::from_value(&value!({}));
    let run = |seed| {
        let settings = Settings {
            seed,
            ..Settings::default()
        };
        template
            .render(&data, &settings)
            .expect("the template renders")
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert!(run(1).ends_with(" 0"));
}

#[test]
fn keys_and_certificates_come_from_the_seed() {
    let text = r#"{{ $ca := genCA "lab" 1 }}{{ $cert := genSignedCert "nas" (list "10.0.0.1") (list "nas.lan") 1 $ca }}{{ $cert.Cert }}{{ $cert.Key }}{{ $ca.Cert }}"#;
    let first = render(text).expect("the template renders");
    assert_eq!(render(text).expect("the template renders"), first);
    assert_eq!(first.matches("-----BEGIN CERTIFICATE-----").count(), 2);
    assert!(first.contains("-----BEGIN RSA PRIVATE KEY-----"));
    refused(
        r#"{{ genSignedCert "nas" (list "x") nil 1 (genCA "lab" 1) }}"#,
        "error parsing ip: x",
    );
}
