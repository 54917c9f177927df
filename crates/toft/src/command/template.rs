//! `toft template`: what `helm template` prints, byte for byte.

mod chart;
mod output;
mod values;

use std::path::PathBuf;

use clap::Args;
use toft_helm::{
    HelmVersion, KubeVersion, Manifests, Problem, TemplateOptions, manifests, release_name,
};
use toft_source::Diagnostic;

use crate::charts::{Helm, chance, now};
use crate::diagnostics::{Vantage, tell};
use crate::exit::ExitStatus;
use crate::printer::{Printer, Tone};
use crate::trouble::Trouble;

/// Print the objects of a chart as `helm template` does
///
/// What is printed is equal to what Helm prints, byte for byte. No cluster is asked: `lookup` finds nothing, and
/// the cluster is as Helm takes it to be, or as the flags say.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of `helm template`"
)]
pub(crate) struct TemplateArgs {
    /// The name of the release, and the chart: a folder, an archive, `oci://…`, or a name with `--repo`
    #[arg(value_name = "[RELEASE] CHART", required = true, num_args = 1..=2)]
    release_and_chart: Vec<String>,
    #[command(flatten)]
    values: values::ValuesArgs,
    #[command(flatten)]
    source: chart::SourceArgs,
    /// The namespace of the release
    #[arg(short, long, value_name = "NAME", default_value = "default")]
    namespace: String,
    /// Whose meaning holds where Helm 3 and Helm 4 differ
    #[arg(long, value_name = "MAJOR", default_value = "4")]
    helm: Helm,
    /// The version of Kubernetes that templates are told
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// API versions that templates are told besides the usual ones
    #[arg(short, long, value_name = "GROUP/VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Print the objects in `crds/` too
    #[arg(long)]
    include_crds: bool,
    /// Taken as Helm takes it: what is printed does not change
    #[arg(long)]
    skip_crds: bool,
    /// Leave out hooks that test a release
    #[arg(long)]
    skip_tests: bool,
    /// Leave out hooks
    #[arg(long)]
    no_hooks: bool,
    /// Take values that do not fit the schema of the chart
    #[arg(long)]
    skip_schema_validation: bool,
    /// Tell templates of an upgrade instead of an install
    #[arg(long)]
    is_upgrade: bool,
    /// Print what these templates give only; `*`, `?` and `[a-z]` match within a folder
    #[arg(short, long, value_name = "TEMPLATE")]
    show_only: Vec<String>,
    /// A template that gives the name of the release
    #[arg(
        long,
        value_name = "TEMPLATE",
        default_value = "",
        hide_default_value = true
    )]
    name_template: String,
    /// Give the release a name, which is `release-name`
    #[arg(short, long)]
    generate_name: bool,
    /// Write what each template gives to a file in this folder instead of printing it
    #[arg(long, value_name = "FOLDER")]
    output_dir: Option<PathBuf>,
    /// With `--output-dir`: write into a folder with the name of the release
    #[arg(long)]
    release_name: bool,
    /// Not done here: dependencies that are missing are told
    #[arg(long)]
    dependency_update: bool,
    /// Not done here: it would ask a cluster
    #[arg(long)]
    validate: bool,
}

const EXAMPLES: &str = "Examples:
  toft template ./charts/web                          a chart in a folder
  toft template web ./web-1.2.3.tgz -f prod.yaml      an archive, with a name and values
  toft template web web --repo https://charts.example.org --version 1.2.3
  toft template ./charts/web -s templates/service.yaml --set port=80";

/// What `toft template` is to do.
#[derive(Debug)]
pub(crate) struct TemplateSettings(TemplateArgs);

impl TemplateArgs {
    pub(crate) fn settings(self) -> TemplateSettings {
        TemplateSettings(self)
    }
}

/// Renders, prints, and tells what is wrong.
pub(crate) fn run(
    settings: &TemplateSettings,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    let args = &settings.0;
    if args.validate {
        return Err(Trouble::usage("`--validate` is not done here")
            .help("no cluster is asked; `toft up` shows what one would say to the objects")
            .into());
    }
    match text(args, printer)? {
        Ok(text) => {
            printer.data(&text);
            Ok(ExitStatus::Done)
        }
        Err(diagnostics) => {
            tell(&diagnostics, &Vantage::of_machine(), printer);
            Ok(ExitStatus::Usage)
        }
    }
}

/// What is printed, or what is wrong with the input.
fn text(
    args: &TemplateArgs,
    printer: &mut Printer,
) -> anyhow::Result<Result<String, Vec<Diagnostic>>> {
    let version = args.helm.version();
    let (release, chart) = match args.release_and_chart.as_slice() {
        [release, chart] => (Some(release), chart),
        [chart] => (None, chart),
        _ => return Err(Trouble::usage("a chart is missing").into()),
    };
    let options = match options(args, release) {
        Ok(options) => options,
        Err(problem) => return Ok(Err(vec![problem.into()])),
    };
    let chart = match args.source.chart(chart, version, printer)? {
        Ok(chart) => chart,
        Err(diagnostics) => return Ok(Err(diagnostics)),
    };
    if chart.metadata.deprecated {
        let warning = printer.paint("warning", Tone::Warning);
        printer.talk(&format!("{warning}: this chart is deprecated\n"));
    }
    let values = args.values.input()?;
    let rendered = values
        .merged(version)
        .and_then(|values| manifests(&chart, &values, &options));
    let rendered = match rendered {
        Ok(rendered) => rendered,
        Err(problem) => return Ok(Err(vec![told(problem, args)])),
    };
    let rendered = match &args.output_dir {
        None => rendered,
        Some(folder) => {
            let release = args.release_name.then_some(options.release.name.as_str());
            output::write(&rendered, folder, release, printer)?;
            Manifests::default()
        }
    };
    let printed = match args.show_only.as_slice() {
        [] => Ok(rendered.print()),
        only => rendered.print_only(only, version),
    };
    Ok(printed.map_err(|problem| vec![told(problem, args)]))
}

fn told(problem: Problem, args: &TemplateArgs) -> Diagnostic {
    let missing = problem.is_missing_dependency();
    let diagnostic = Diagnostic::from(problem);
    match (missing, args.dependency_update) {
        (false, _) => diagnostic,
        (true, false) => diagnostic.help("put the charts that it needs into `charts/`"),
        (true, true) => diagnostic
            .because("`--dependency-update` is not done here: nothing is written into a chart")
            .help("put the charts that it needs into `charts/`"),
    }
}

/// Source: Helm 3.22.0 `pkg/action/install.go`, `NameAndChart`.
fn options(args: &TemplateArgs, release: Option<&String>) -> Result<TemplateOptions, Problem> {
    let version: HelmVersion = args.helm.version();
    let mut options = TemplateOptions::new(version);
    options.now = now();
    options.seed = chance();
    options.release.namespace = args.namespace.as_str().into();
    options.release.upgrade = args.is_upgrade;
    options.include_crds = args.include_crds;
    options.skip_tests = args.skip_tests;
    options.skip_hooks = args.no_hooks;
    options.skip_schema = args.skip_schema_validation;
    if let Some(text) = &args.kube_version {
        options.capabilities.kube_version = KubeVersion::parse(text, version)?;
    }
    let more = args.api_versions.iter().map(Into::into);
    options.capabilities.api_versions.extend(more);
    match release {
        Some(_) if args.generate_name => return Err(Problem::name_and_generated()),
        Some(_) if !args.name_template.is_empty() => return Err(Problem::two_names()),
        Some(name) => options.release.name = name.into(),
        None if args.name_template.is_empty() => {}
        None => options.release.name = release_name(&args.name_template, &options)?,
    }
    Ok(options)
}
