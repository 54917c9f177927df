//! One kustomization with very many objects: how the time grows with their number.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::measure::{Cost, alternate, cost};
use super::{build, compare};

/// How many objects, and whether upstream is asked too. Its time grows with the square: 4,000 objects take
/// minutes, 12,000 an hour.
const SIZES: [(usize, Peer); 3] = [
    (500, Peer::Asked),
    (4_000, Peer::AskedWhereThereIsTime),
    (12_000, Peer::LeftOut),
];

/// Runs of ours at each size; the median is told.
const RUNS: usize = 5;

/// Objects in one file.
const OBJECTS_IN_FILE: usize = 40;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    Asked,
    /// With `--long`.
    AskedWhereThereIsTime,
    LeftOut,
}

/// How long the measurement may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// A minute.
    Short,
    /// As long as upstream needs.
    Long,
}

/// Builds 500, 4,000 and 12,000 objects with a prefix, labels, images and references between them.
pub(super) fn run(ours: &Path, upstream: &Path, time: Time) -> Result<()> {
    let mut used = Vec::new();
    for (objects, peer) in SIZES {
        let folder = folder(objects)?;
        let mine = || cost(build(ours, &folder));
        let [mine, _] = alternate(RUNS, [&mine, &|| Ok(Cost::default())])?;
        used.push(mine.cpu.as_secs_f64());
        let is_asked = match peer {
            Peer::Asked => true,
            Peer::AskedWhereThereIsTime => time == Time::Long,
            Peer::LeftOut => false,
        };
        if is_asked {
            let theirs = cost(build(upstream, &folder))?;
            compare(
                &format!("build of {objects} objects"),
                [&mine, &theirs],
                ("kustomize", 30.0),
            );
        } else {
            println!("build of {objects} objects:");
            println!(
                "  toft {:.0} ms, {:.1} MB; kustomize was not asked",
                mine.wall.as_secs_f64() * 1e3,
                mine.memory_mb()
            );
        }
        std::fs::remove_dir_all(&folder)?;
    }
    if let [_, middle, most] = used.as_slice() {
        let exponent = (most / middle).ln() / 3.0_f64.ln();
        println!(
            "  4,000 objects in {:.0} ms of processor time (goal: at most 150); it grows with the {exponent:.2}th power from 4,000 to 12,000 (goal: at most 1.1)",
            middle * 1e3
        );
    }
    Ok(())
}

/// Writes the kustomization: a Deployment, a Service, a ConfigMap and a Secret for each app.
fn folder(objects: usize) -> Result<PathBuf> {
    let name = format!("toft-bench-{}-{objects}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder)?;
    let mut kustomization = String::from(
        "namePrefix: lab-\nnamespace: apps\nlabels:\n- {pairs: {team: home}, includeSelectors: true}\n\
         images:\n- {name: registry.example.org/app, newTag: v2}\nresources:\n",
    );
    for (number, start) in (0..objects / 4).step_by(OBJECTS_IN_FILE / 4).enumerate() {
        let file = format!("objects-{number}.yaml");
        writeln!(kustomization, "- {file}")?;
        let end = (start + OBJECTS_IN_FILE / 4).min(objects / 4);
        let text: String = (start..end).map(app).collect();
        std::fs::write(folder.join(file), text)?;
    }
    std::fs::write(folder.join("kustomization.yaml"), kustomization)?;
    Ok(folder)
}

fn app(number: usize) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
spec:
  selector:
    matchLabels: {{app: app-{number}}}
  template:
    metadata:
      labels: {{app: app-{number}}}
    spec:
      containers:
      - name: app
        image: registry.example.org/app:v1
        envFrom:
        - configMapRef: {{name: settings-{number}}}
        - secretRef: {{name: secrets-{number}}}
        ports:
        - containerPort: 8080
---
apiVersion: v1
kind: Service
metadata:
  name: app-{number}
spec:
  selector: {{app: app-{number}}}
  ports:
  - port: 80
    targetPort: 8080
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{number}
data:
  URL: http://app-{number}:80
---
apiVersion: v1
kind: Secret
metadata:
  name: secrets-{number}
stringData:
  token: none-{number}
"
    )
}
