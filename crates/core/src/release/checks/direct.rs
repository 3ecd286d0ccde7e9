//! Whether both versions can be asked without the ingress: what one has to be allowed for that, in two
//! ways of which either is enough. Nothing of a release needs it.

use std::fmt::Write;

use super::report::Check;
use super::rights::{Right, binding};
use crate::release::Names;

const NAME: &str = "direct";
const ROLE: &str = "bluegreen-probe";

const fn core(verb: &'static str, resource: &'static str) -> Right {
    Right { verb, group: "", resource }
}

/// Older API servers ask for `get` alone where a connection is made by GET, newer ones for both.
const FORWARD: [Right; 2] = [core("get", "pods/portforward"), core("create", "pods/portforward")];
const PROXY: [Right; 1] = [core("get", "services/proxy")];

pub fn rights() -> Vec<Right> {
    [&FORWARD[..], &PROXY].concat()
}

/// What of it there is, by the rights that are missing, and what follows. Never in the way of a release.
pub fn check<E>(missing: Result<&[Right], E>, hint: &str) -> Check {
    let Ok(missing) = missing else {
        return Check::pass(NAME, "the API server does not say whether the versions can be asked");
    };
    let has = |way: &[Right]| !way.iter().any(|right| missing.contains(right));
    if has(&FORWARD) {
        return Check::pass(NAME, "both versions may be asked directly, by port-forward");
    }
    if has(&PROXY) {
        let what = "both versions may be asked directly, by the API server's Service proxy: bodies of \
                    HTML and redirects do not tell them apart";
        return Check::pass(NAME, what);
    }
    let what = "the versions can't be asked directly: only time confirms a switch";
    Check::pass(NAME, what).hint(hint)
}

/// How one gets them, where `check` is the command line of that name.
pub fn hint(check: &str) -> String {
    format!("{check} --role --probe")
}

/// A Role of its own, as a manifest.
pub fn role(names: &Names) -> String {
    let mut text = format!(
        "# By this, bluegreen asks both versions of {} as a visitor would, without the ingress, and so knows\n\
         # which of them answers through it. One of the two rules is enough: remove the other.\n\
         apiVersion: rbac.authorization.k8s.io/v1\n\
         kind: Role\n\
         metadata:\n  name: {ROLE}\n  namespace: {}\n\
         rules:\n",
        names.app, names.namespace
    );
    let reach = "Reaches every port of every pod of the namespace";
    rule(&mut text, &format!("{reach}, and all answers count."), &FORWARD);
    let reach = "Reaches every Service of the namespace";
    let less = "Bodies of HTML and redirects do not count";
    rule(&mut text, &format!("{reach}. {less}: the API server changes them."), &PROXY);
    text + &binding(ROLE, &names.namespace)
}

fn rule(text: &mut String, why: &str, rights: &[Right]) {
    let verbs: Vec<&str> = rights.iter().map(|right| right.verb).collect();
    let _ = writeln!(text, "# {why}\n- apiGroups: [\"\"]\n  resources: [{}]", rights[0].resource);
    let _ = writeln!(text, "  verbs: [{}]", verbs.join(", "));
}
