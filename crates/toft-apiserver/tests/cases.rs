//! Exchanges recorded from a real API server (`cargo x record --tool kube-apiserver`), answered by the simulated one.

use std::process::ExitCode;

use toft_api::{Request, ResourcePath, Response, ResponseBody, http};
use toft_apiserver::ApiServer;
use toft_object::Time;
use toft_schema::Schemas;
use toft_testkit::exchange::{Answer, Exchange, parse, transcript};
use toft_testkit::{Case, Outputs};
use toft_value::value;

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let exchanges = parse(&case.required("input/exchanges.http")?)?;
    let mut server = server();
    let mut seconds = START_SECONDS;
    let text = transcript(&exchanges, &mut |exchange| {
        seconds += 1;
        Ok(send(&mut server, Time::from_seconds(seconds), exchange))
    })?;
    Ok(Outputs::from([("expected.answers".to_owned(), text)]))
}

const START_SECONDS: i64 = 1_750_000_000;

/// A server with what a real one makes by itself when it starts.
fn server() -> ApiServer {
    let mut server = ApiServer::new(Schemas::builtin(), 7);
    let mut make = |path: ResourcePath, object| {
        let request = Request::create("kube-apiserver", path, object);
        let response = server.handle(Time::from_seconds(START_SECONDS), &request);
        assert_eq!(response.code, 201, "{response:?}");
    };
    for name in ["kube-system", "kube-public", "kube-node-lease", "default"] {
        let object = value!({"metadata": {"name": name}});
        make(ResourcePath::new("", "v1", "namespaces"), object);
    }
    for (name, value) in [
        ("system-cluster-critical", 2_000_000_000_i64),
        ("system-node-critical", 2_000_001_000),
    ] {
        let object = value!({"metadata": {"name": name}, "value": value, "preemptionPolicy": "PreemptLowerPriority"});
        make(
            ResourcePath::new("scheduling.k8s.io", "v1", "priorityclasses"),
            object,
        );
    }
    server
}

fn send(server: &mut ApiServer, now: Time, exchange: &Exchange) -> Answer {
    let agent = exchange.header("user-agent");
    let call = http::HttpRequest {
        method: &exchange.method,
        target: &exchange.target,
        accept: exchange.header("accept"),
        content_type: exchange.header("content-type"),
        agent: if agent.is_empty() { "exchange" } else { agent },
        user: "admin",
        body: exchange.body.as_bytes(),
    };
    let (response, encoding) = match http::read(&call, server.schemas()) {
        Ok((request, encoding)) => (server.handle(now, &request), encoding),
        Err(error) => (Response::from(error), http::Encoding::default()),
    };
    let mut answer = encoding.response(&response);
    if let ResponseBody::Watch(start) = &response.body {
        let mut cursor = server
            .open_watch(start)
            .expect("the server opened it just now");
        let batch = server.poll_watch(&mut cursor);
        answer.body = batch.events.iter().flat_map(http::event_line).collect();
        if let Some(error) = batch.ended {
            answer
                .body
                .extend(http::event_line(&http::error_event(&error)));
        }
    }
    Answer {
        code: answer.code,
        content_type: answer.content_type.to_owned(),
        warnings: answer.warnings,
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    }
}
