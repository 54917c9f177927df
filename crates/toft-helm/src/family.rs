//! The charts of one rendering, with parents, as dependencies are switched on, off and renamed.
//!
//! Charts and wanted dependencies are shared as Go shares them: in Helm 3 two aliases of one chart
//! have the same children, and the last one becomes their parent.

use smol_str::SmolStr;
use toft_gotmpl::{Data, Dict};

use crate::chart::{Chart, Dependency, HelmVersion};
use crate::coalesce::empty;
use crate::problem::{DEPENDENCY, Problem};

/// A chart of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(usize);

/// A wanted dependency of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WantedId(usize);

/// How many charts one rendering may have, aliases counted: ten times the largest public umbrella.
const CHARTS_MAX: usize = 5_000;

/// The charts of one rendering.
#[derive(Debug)]
pub(crate) struct Family<'c> {
    version: HelmVersion,
    members: Vec<Member<'c>>,
    wanted: Vec<Dependency>,
}

#[derive(Clone, Debug)]
struct Member<'c> {
    chart: &'c Chart,
    name: SmolStr,
    values: Dict,
    /// `None` where none was ever written.
    wanted: Option<Vec<WantedId>>,
    charts: Vec<Id>,
    parent: Option<Id>,
}

impl<'c> Family<'c> {
    /// The family of a chart, and the chart in it.
    pub(crate) fn new(chart: &'c Chart, version: HelmVersion) -> Result<(Self, Id), Problem> {
        let mut family = Self {
            version,
            members: Vec::new(),
            wanted: Vec::new(),
        };
        let root = family.admit(chart)?;
        Ok((family, root))
    }

    fn admit(&mut self, chart: &'c Chart) -> Result<Id, Problem> {
        let wanted = &chart.metadata.dependencies;
        let wanted: Vec<WantedId> = wanted
            .iter()
            .map(|dependency| self.want(dependency.clone()))
            .collect();
        let values = match Data::from_typed(&chart.values.clone().into()) {
            Data::Dict(values) => values,
            _ => empty(),
        };
        let member = Member {
            chart,
            name: chart.metadata.name.clone(),
            values,
            wanted: (!wanted.is_empty()).then_some(wanted),
            charts: Vec::new(),
            parent: None,
        };
        let id = self.push(member)?;
        let mut charts = Vec::new();
        for below in &chart.charts {
            charts.push(self.admit(below)?);
        }
        self.adopt(id, charts);
        Ok(id)
    }

    fn want(&mut self, dependency: Dependency) -> WantedId {
        self.wanted.push(dependency);
        WantedId(self.wanted.len() - 1)
    }

    fn push(&mut self, member: Member<'c>) -> Result<Id, Problem> {
        if self.members.len() == CHARTS_MAX {
            return Err(Problem::new(
                DEPENDENCY,
                format!("the chart has more than {CHARTS_MAX} charts in it"),
            ));
        }
        self.members.push(member);
        Ok(Id(self.members.len() - 1))
    }

    fn member(&self, id: Id) -> &Member<'c> {
        let member = self.members.get(id.0);
        member.expect("ids are given by `push` alone, and no member ever leaves")
    }

    fn member_mut(&mut self, id: Id) -> &mut Member<'c> {
        let member = self.members.get_mut(id.0);
        member.expect("ids are given by `push` alone, and no member ever leaves")
    }

    /// Makes charts the children of another.
    pub(crate) fn adopt(&mut self, parent: Id, charts: Vec<Id>) {
        for chart in &charts {
            self.member_mut(*chart).parent = Some(parent);
        }
        self.member_mut(parent).charts = charts;
    }

    /// A copy of a chart under another name, if one is given.
    ///
    /// Source: Helm 3.22.0 and 4.3.1, `getAliasDependency`.
    pub(crate) fn alias(&mut self, original: Id, alias: &str) -> Result<Id, Problem> {
        let mut copy = self.member(original).clone();
        if !alias.is_empty() {
            copy.name = alias.into();
        }
        if self.version == HelmVersion::V3 {
            return self.push(copy);
        }
        let wanted = copy.wanted.take();
        copy.wanted = wanted.map(|wanted| {
            let own = wanted.into_iter().map(|id| self.wanted(id).clone());
            let own: Vec<Dependency> = own.collect();
            own.into_iter()
                .map(|dependency| self.want(dependency))
                .collect()
        });
        let children = std::mem::take(&mut copy.charts);
        let id = self.push(copy)?;
        let mut own = Vec::new();
        for child in children {
            let child = self.member(child).clone();
            own.push(self.push(child)?);
        }
        self.adopt(id, own);
        Ok(id)
    }

    pub(crate) fn version(&self) -> HelmVersion {
        self.version
    }

    pub(crate) fn chart(&self, id: Id) -> &'c Chart {
        self.member(id).chart
    }

    pub(crate) fn name(&self, id: Id) -> &SmolStr {
        &self.member(id).name
    }

    pub(crate) fn values(&self, id: Id) -> &Dict {
        &self.member(id).values
    }

    pub(crate) fn set_values(&mut self, id: Id, values: Dict) {
        self.member_mut(id).values = values;
    }

    pub(crate) fn charts(&self, id: Id) -> &[Id] {
        &self.member(id).charts
    }

    pub(crate) fn is_root(&self, id: Id) -> bool {
        self.member(id).parent.is_none()
    }

    /// `root/charts/child/charts/…`
    pub(crate) fn full_path(&self, id: Id) -> String {
        let mut names = vec![self.name(id).clone()];
        let mut at = id;
        // A chart that is its own ancestor cannot be: children are made after their parents.
        while let Some(parent) = self.member(at).parent {
            names.push(self.name(parent).clone());
            at = parent;
        }
        names.reverse();
        names.join("/charts/")
    }

    pub(crate) fn wanted_by(&self, id: Id) -> Option<Vec<WantedId>> {
        self.member(id).wanted.clone()
    }

    pub(crate) fn set_wanted(&mut self, id: Id, wanted: Vec<WantedId>) {
        self.member_mut(id).wanted = (!wanted.is_empty()).then_some(wanted);
    }

    pub(crate) fn wanted(&self, id: WantedId) -> &Dependency {
        let wanted = self.wanted.get(id.0);
        wanted.expect("ids are given by `want` alone, and nothing ever leaves")
    }

    pub(crate) fn wanted_mut(&mut self, id: WantedId) -> &mut Dependency {
        let wanted = self.wanted.get_mut(id.0);
        wanted.expect("ids are given by `want` alone, and nothing ever leaves")
    }
}
