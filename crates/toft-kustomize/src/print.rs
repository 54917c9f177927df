//! What `kustomize build` prints.

use toft_object::Rendering;

/// The objects as YAML documents, byte for byte as `kustomize build` prints them.
///
/// # Example
/// ```
/// use toft_object::Rendering;
/// assert_eq!(toft_kustomize::print(&Rendering::default()), "");
/// ```
pub fn print(rendering: &Rendering) -> String {
    let documents = rendering.objects.iter();
    let documents = documents.map(|rendered| toft_yaml::write(rendered.object.value()));
    let documents: Vec<String> = documents.collect();
    documents.join("---\n")
}
