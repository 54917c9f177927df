//! Raw HTTP exchanges as test data: a file of requests, a transcript of answers.
//!
//! The same requests are sent to a real API server, which records the transcript, and to the simulated one.
//! What differs from run to run is replaced: see [`normal`].
//!
//! A file of requests reads so; a line that begins with `###` begins each of them:
//!
//! ```text
//! ### the name is taken
//! POST /api/v1/namespaces/a/configmaps
//! Content-Type: application/json
//!
//! {"metadata": {"name": "x"}}
//! ```
//!
//! `${1.metadata.resourceVersion}` stands for a field of the first answer.

mod normal;

use std::fmt::Write as _;

use toft_value::Value;

pub use normal::normal;

/// One request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What it shows.
    pub title: String,
    /// `GET`, `POST`, ….
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// The answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub code: u16,
    /// The header `Content-Type`.
    pub content_type: String,
    /// The headers `Warning`.
    pub warnings: Vec<String>,
    /// The body; of a watch, its lines.
    pub body: String,
}

impl Exchange {
    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// Reads a file of requests.
///
/// # Errors
/// A request has no line with method and path.
pub fn parse(text: &str) -> Result<Vec<Exchange>, String> {
    let mut exchanges = Vec::new();
    for block in format!("\n{text}").split("\n###").skip(1) {
        let (title, rest) = block.split_once('\n').unwrap_or((block, ""));
        let (head, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let mut lines = head.lines().filter(|line| !line.trim().is_empty());
        let line = lines
            .next()
            .ok_or_else(|| format!("`{title}` has no request line"))?;
        let (method, target) = line
            .split_once(' ')
            .ok_or_else(|| format!("`{line}` is no request line"))?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_lowercase(), value.trim().to_owned()))
        };
        exchanges.push(Exchange {
            title: title.trim().to_owned(),
            method: method.to_owned(),
            target: target.trim().to_owned(),
            headers: lines.filter_map(header).collect(),
            body: body.trim().to_owned(),
        });
    }
    Ok(exchanges)
}

/// Sends the requests in order and writes the transcript of the answers.
///
/// # Errors
/// A request cannot be sent, or refers to an answer that has no such field.
pub fn transcript(
    exchanges: &[Exchange],
    send: &mut dyn FnMut(&Exchange) -> Result<Answer, String>,
) -> Result<String, String> {
    let mut answers: Vec<Value> = Vec::new();
    let mut text = String::new();
    for exchange in exchanges {
        let sent = Exchange {
            target: filled(&exchange.target, &answers)?,
            body: filled(&exchange.body, &answers)?,
            ..exchange.clone()
        };
        let answer = send(&sent)?;
        answers.push(Value::from_json(answer.body.as_bytes()).unwrap_or_default());
        write_answer(&mut text, exchange, &answer);
    }
    Ok(text)
}

fn write_answer(text: &mut String, exchange: &Exchange, answer: &Answer) {
    let _ = writeln!(text, "### {}", exchange.title);
    let _ = writeln!(text, "{} {}", exchange.method, exchange.target);
    let _ = writeln!(text, "{} {}", answer.code, answer.content_type);
    for warning in &answer.warnings {
        let _ = writeln!(text, "Warning: {warning}");
    }
    let lines: Vec<&str> = answer.body.lines().collect();
    let is_watch = lines
        .first()
        .is_some_and(|line| line.starts_with("{\"type\":"));
    let bodies = if is_watch {
        lines
    } else {
        vec![answer.body.as_str()]
    };
    for body in bodies {
        match Value::from_json(body.as_bytes()) {
            Ok(value) => text.push_str(&normal(&value).to_json_indented("  ")),
            Err(_) => text.push_str(&normal::normal_text(body.trim_end())),
        }
        text.push('\n');
    }
    text.push('\n');
}

/// Puts fields of earlier answers where they are referred to.
fn filled(text: &str, answers: &[Value]) -> Result<String, String> {
    let (mut result, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (reference, after) = after.split_once('}').ok_or("`${` is never closed")?;
        let (number, path) = reference
            .split_once('.')
            .ok_or_else(|| format!("`{reference}` names no field"))?;
        let number: usize = number
            .parse()
            .map_err(|_| format!("`{number}` is no number"))?;
        let path: Vec<&str> = path.split('.').collect();
        let found = answers
            .get(number.wrapping_sub(1))
            .and_then(|answer| answer.at(&path));
        let found = found
            .and_then(Value::as_str)
            .ok_or_else(|| format!("no answer has `{reference}`"))?;
        result.push_str(before);
        result.push_str(found);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_refer_to_answers() {
        let text = "### one\nPOST /a\nContent-Type: application/json\n\n{\"x\": 1}\n\n### two\nGET /b/${1.name}\n";
        let exchanges = parse(text).unwrap();
        assert_eq!(exchanges.len(), 2);
        assert_eq!(exchanges[0].header("content-type"), "application/json");
        let mut targets = Vec::new();
        let written = transcript(&exchanges, &mut |exchange| {
            targets.push(exchange.target.clone());
            Ok(Answer {
                code: 200,
                body: "{\"name\":\"c\"}".to_owned(),
                ..Answer::default()
            })
        });
        assert_eq!(targets, ["/a", "/b/c"]);
        assert!(written.unwrap().contains("GET /b/${1.name}"));
    }
}
