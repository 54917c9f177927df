//! The example lab is killed again and again while it comes up: nothing that was answered is lost, and it
//! ends as it would have without.

use std::collections::BTreeMap;
use std::fmt;
use std::thread;
use std::time::Duration;

use toft_value::Value;

use crate::cluster::{Cluster, Lab, Talk};

/// How often the lab is brought up from nothing, and how often it is killed on the way.
const ROUNDS: u64 = 10;
const KILLS_A_ROUND: u64 = 5;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// What the cluster acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// ConfigMaps by name, and whether they were deleted again.
    deleted: BTreeMap<String, bool>,
    /// The revision of the last write.
    revision: u64,
}

impl Acknowledged {
    /// Makes a ConfigMap, and deletes every third one again.
    fn write(&mut self, talk: &mut Talk<'_>) {
        let name = format!("kept-{}", self.deleted.len());
        let body = format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{name}\"}},\"data\":{{\"is\":\"{name}\"}}}}"
        );
        let made = talk.ask("POST", CONFIG_MAPS, &body);
        assert_eq!(made.code, 201, "{}", made.body);
        self.revision = revision(&made.value());
        self.deleted.insert(name.clone(), false);
        if self.deleted.len().is_multiple_of(3) {
            let gone = talk.ask("DELETE", &format!("{CONFIG_MAPS}/{name}"), "");
            assert_eq!(gone.code, 200, "{}", gone.body);
            self.deleted.insert(name, true);
        }
    }

    /// Everything is there that was acknowledged, and nothing that was deleted.
    fn check(&self, talk: &mut Talk<'_>) {
        let list = talk.ask("GET", CONFIG_MAPS, "").value();
        let found = list.items_at(&["items"]).iter().map(|one| {
            let name = one.str_at(&["metadata", "name"]).unwrap();
            (name, one.str_at(&["data", "is"]))
        });
        let found: BTreeMap<&str, Option<&str>> = found.collect();
        for (name, deleted) in &self.deleted {
            let expected = (!deleted).then_some(Some(name.as_str()));
            assert_eq!(found.get(name.as_str()).copied(), expected, "{name}");
        }
        let now = revision(&list);
        assert!(now >= self.revision, "{} became {now}", self.revision);
    }
}

fn revision(object: &Value) -> u64 {
    let text = object.str_at(&["metadata", "resourceVersion"]);
    text.unwrap().parse().unwrap()
}

/// When a process is killed.
#[derive(Clone, Copy)]
enum Life {
    /// So soon after its start: most often before its door is open.
    Starting(Duration),
    /// After so many writes of ours, each of which is on the disk with all that came before.
    Writing(u64),
    /// So long after a write: in the middle of whatever it does then.
    Working(Duration),
}

impl Life {
    /// The first kill falls into the sync that follows from nothing, the others into what resumes it.
    fn of(kill: u64) -> Self {
        match kill % KILLS_A_ROUND {
            0 => Self::Working(Duration::from_millis(kill * 53 % 401)),
            1 => Self::Starting(Duration::from_millis(kill * 37 % 151)),
            2 => Self::Writing(1 + kill % 4),
            3 => Self::Working(Duration::from_millis(kill * 29 % 211)),
            _ => Self::Writing(1 + kill % 7),
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_over_fifty_kills_while_the_lab_comes_up_and_it_ends_healthy() {
    let lab = Lab::example();
    let mut in_the_middle = 0;
    for round in 0..ROUNDS {
        let mut acknowledged = Acknowledged::default();
        for kill in round * KILLS_A_ROUND..(round + 1) * KILLS_A_ROUND {
            in_the_middle += live_and_die(&lab, Life::of(kill), &mut acknowledged);
        }
        let cluster = lab.up(&[]);
        let overview = cluster.settled();
        acknowledged.check(&mut cluster.talk());
        for app in overview.items_at(&["apps"]) {
            assert_eq!(app.str_at(&["sync"]), Some("Synced"), "{}", app.to_json());
            assert_eq!(
                app.str_at(&["health"]),
                Some("Healthy"),
                "{}",
                app.to_json()
            );
        }
        everything_is_there_once(&cluster);
        assert_eq!(lab.toft(&["down", "--delete"]).status.code(), Some(0));
        assert_eq!(cluster.wait(), Some(0));
    }
    let kills = ROUNDS * KILLS_A_ROUND;
    assert!(
        in_the_middle > kills / 2,
        "only {in_the_middle} of {kills} fell into a sync"
    );
}

/// One life of the program; gives 1 where it ended before everything had settled.
fn live_and_die(lab: &Lab, life: Life, acknowledged: &mut Acknowledged) -> u64 {
    if let Life::Starting(life) = life {
        lab.spawn_and_kill(life);
        return 1;
    }
    let cluster = lab.up(&[]);
    let mut talk = cluster.talk();
    acknowledged.check(&mut talk);
    match life {
        Life::Starting(_) => {}
        Life::Writing(writes) => (0..writes).for_each(|_| acknowledged.write(&mut talk)),
        Life::Working(life) => {
            acknowledged.write(&mut talk);
            thread::sleep(life);
        }
    }
    let overview = talk.ask("GET", "/toft/v1/overview", "").value();
    drop(talk);
    cluster.kill();
    u64::from(overview.str_at(&["settled"]).is_none())
}

/// Every Deployment has the pods that it asks for, and no pod is left over from another life.
fn everything_is_there_once(cluster: &Cluster) {
    let mut talk = cluster.talk();
    let mut list = |target: &str| {
        talk.ask("GET", target, "")
            .value()
            .items_at(&["items"])
            .to_vec()
    };
    let deployments = list("/apis/apps/v1/deployments");
    let wanted = |one: &Value| one.i64_at(&["spec", "replicas"]).unwrap();
    for one in &deployments {
        assert_eq!(
            one.i64_at(&["status", "replicas"]),
            Some(wanted(one)),
            "{}",
            Named(one)
        );
        assert_eq!(
            one.i64_at(&["status", "availableReplicas"]),
            Some(wanted(one)),
            "{}",
            Named(one)
        );
    }
    let sets = list("/apis/apps/v1/replicasets");
    assert_eq!(sets.len(), deployments.len());
    let daemons: i64 = list("/apis/apps/v1/daemonsets")
        .iter()
        .map(|one| one.i64_at(&["status", "desiredNumberScheduled"]).unwrap())
        .sum();
    let of_jobs = |pod: &&Value| pod.str_at(&["metadata", "labels", "job-name"]).is_some();
    let pods = list("/api/v1/pods");
    let pods = pods.iter().filter(|pod| !of_jobs(pod)).count();
    let replicas: i64 = deployments.iter().map(wanted).sum();
    assert_eq!(i64::try_from(pods).unwrap(), replicas + daemons);
}

struct Named<'a>(&'a Value);

impl fmt::Display for Named<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.str_at(&["metadata", "name"]).unwrap_or_default())
    }
}
