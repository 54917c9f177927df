//! What a release is called.

use smol_str::SmolStr;
use toft_gotmpl::{Data, Options, Session, Settings, TemplateSet, Vocabulary};

use crate::chart::HelmVersion;
use crate::problem::{OPTIONS, Problem};
use crate::render::TemplateOptions;

/// The name that a template of names gives, as `--name-template` has it.
///
/// # Errors
/// The text is no template, or it failed; the words are Go's.
///
/// Source: Helm 3.22.0 `pkg/action/install.go`, `TemplateName`.
///
/// # Example
/// ```
/// use toft_helm::{HelmVersion, TemplateOptions, release_name};
/// let options = TemplateOptions::new(HelmVersion::V4);
/// assert_eq!(release_name("{{ upper `a` | lower }}-b", &options).unwrap(), "a-b");
/// ```
pub fn release_name(template: &str, options: &TemplateOptions) -> Result<SmolStr, Problem> {
    const NAME: &str = "name-template";
    let mut templates = TemplateSet::new(match options.version {
        HelmVersion::V3 => Vocabulary::Helm3,
        HelmVersion::V4 => Vocabulary::Helm4,
    });
    let failed = |error: toft_gotmpl::TemplateError| Problem::new(OPTIONS, error.0);
    templates.add(NAME, template).map_err(failed)?;
    let mut session = Session::new(&Settings {
        now: options.now,
        seed: options.seed,
        options: Options::default(),
    });
    let name = templates.render(NAME, &Data::Nil, &mut session);
    Ok(name.map_err(failed)?.into())
}
