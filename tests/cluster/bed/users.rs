//! Users: a name in the audit log, a token, and the kubeconfig that a program is given.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use bluegreen::release::Names;
use bluegreen::release::checks::{direct, rights};
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use super::kubeconfig::{self, Endpoint};
use super::{Bed, SOON, tokens, wait_for};

#[derive(Clone, Debug)]
pub struct User {
    pub name: String,
    pub token: String,
    pub kubeconfig: PathBuf,
    /// A home folder of its own: no two tests share a cache or a setting.
    pub home: PathBuf,
}

impl User {
    /// The same user by way of `url`, for example a proxy of the test: plain http for `http://`,
    /// else with the CA of the bed.
    pub fn kubeconfig_via(&self, bed: &Bed, url: &str) -> Result<PathBuf> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = self.home.join(format!("via-{n}.kubeconfig"));
        let ca = (!url.starts_with("http://")).then_some(bed.ca.as_path());
        kubeconfig::write(&path, &Endpoint { server: url, ca }, &self.name, &self.token)?;
        Ok(path)
    }

    /// The same user with another kubeconfig, for `Bed::run`.
    pub fn with(&self, kubeconfig: &Path) -> User {
        User { kubeconfig: kubeconfig.to_owned(), ..self.clone() }
    }
}

/// What gives a user the Role, or ClusterRole, that is called like them.
fn bound(user: &User, kind: &str, metadata: &Value) -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "metadata": metadata,
        "roleRef": { "apiGroup": group, "kind": kind, "name": user.name },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": user.name }],
    })
}

impl Bed {
    /// The next unused admin (bound to cluster-admin by RBAC).
    pub fn user(&self) -> Result<User> {
        let n = self.admins.fetch_add(1, Ordering::Relaxed);
        ensure!(
            n < tokens::ADMINS,
            "all {} admins are taken: raise tokens::ADMINS",
            tokens::ADMINS
        );
        self.make(tokens::admin(n))
    }

    /// The next unused user without any right of its own.
    pub fn powerless_user(&self) -> Result<User> {
        let n = self.users.fetch_add(1, Ordering::Relaxed);
        ensure!(n < tokens::USERS, "all {} users are taken: raise tokens::USERS", tokens::USERS);
        self.make(tokens::user(n))
    }

    /// A user who may do in `namespace` what `rules` (a list of PolicyRules) say, and nothing else.
    pub async fn narrow_user(&self, namespace: &str, rules: Value) -> Result<User> {
        let user = self.powerless_user()?;
        self.allow(&user, namespace, rules).await?;
        Ok(user)
    }

    /// One who may do what releases need and ask both versions directly, and nothing else.
    pub async fn releaser(&self, namespace: &str) -> Result<User> {
        let user = self.powerless_user()?;
        self.let_release(&user, namespace).await?;
        Ok(user)
    }

    /// What is released here is released with the rights that `check --role --probe` prints.
    pub async fn let_release(&self, user: &User, namespace: &str) -> Result<()> {
        let names = Names::new(namespace, "parrot");
        let mut rules = Vec::new();
        for role in [rights::role(&names), direct::role(&names)] {
            let mut role: Value = serde_saphyr::from_str(&role)?;
            rules.extend(role["rules"].as_array_mut().map(std::mem::take).unwrap_or_default());
        }
        self.allow(user, namespace, Value::Array(rules)).await?;
        self.allow_looks(user).await
    }

    /// What is looked at beyond the namespace, as the comment below that Role has it.
    async fn allow_looks(&self, user: &User) -> Result<()> {
        let rule = json!({
            "apiGroups": ["networking.k8s.io"],
            "resources": ["ingressclasses", "ingresses"],
            "verbs": ["get", "list"],
        });
        let metadata = json!({ "name": user.name });
        let role: ClusterRole =
            serde_json::from_value(json!({ "metadata": metadata, "rules": [rule] }))?;
        let binding: ClusterRoleBinding =
            serde_json::from_value(bound(user, "ClusterRole", &metadata))?;
        let post = PostParams::default();
        let known = |made: kube::Result<()>| match made {
            // Whoever releases in several namespaces has it already.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            made => made,
        };
        known(Api::all(self.kube().clone()).create(&post, &role).await.map(drop))?;
        known(Api::all(self.kube().clone()).create(&post, &binding).await.map(drop))?;
        self.is_allowed(
            user,
            json!({
                "verb": "get", "group": "networking.k8s.io", "resource": "ingressclasses",
            }),
        )
        .await
    }

    async fn allow(&self, user: &User, namespace: &str, rules: Value) -> Result<()> {
        let metadata = json!({ "name": user.name, "namespace": namespace });
        let role: Role = serde_json::from_value(json!({ "metadata": metadata, "rules": rules }))
            .context("these are no PolicyRules")?;
        let binding: RoleBinding = serde_json::from_value(bound(user, "Role", &metadata))?;
        let post = PostParams::default();
        Api::namespaced(self.kube(), namespace).create(&post, &role).await?;
        Api::namespaced(self.kube(), namespace).create(&post, &binding).await?;
        self.heeds(user, namespace, role).await
    }

    /// Waits until the API server has heard of a new Role: it watches them like anybody else.
    async fn heeds(&self, user: &User, namespace: &str, role: Role) -> Result<()> {
        let rule = role.rules.unwrap_or_default().into_iter().next();
        let Some(rule) = rule else { return Ok(()) };
        let first = |list: Option<Vec<String>>| list.unwrap_or_default().into_iter().next();
        let (group, resource) = (first(rule.api_groups), first(rule.resources));
        self.is_allowed(user, json!({
            "namespace": namespace, "verb": rule.verbs.first(), "group": group, "resource": resource,
        }))
        .await
    }

    async fn is_allowed(&self, user: &User, attributes: Value) -> Result<()> {
        let review: SubjectAccessReview = serde_json::from_value(json!({
            "spec": { "user": user.name, "resourceAttributes": attributes },
        }))?;
        let reviews: Api<SubjectAccessReview> = Api::all(self.kube().clone());
        wait_for("the user's rights", SOON, async || {
            let answer = reviews.create(&PostParams::default(), &review).await?;
            Ok(answer.status.is_some_and(|status| status.allowed).then_some(()))
        })
        .await
    }

    fn make(&self, name: String) -> Result<User> {
        let token = self.tokens.of(&name);
        let home = self.folder.join("users").join(&name);
        std::fs::create_dir_all(&home)
            .with_context(|| format!("cannot make {}", home.display()))?;
        let path = home.join("kubeconfig");
        let at = Endpoint { server: &self.server, ca: Some(&self.ca) };
        kubeconfig::write(&path, &at, &name, &token)?;
        Ok(User { name, token, kubeconfig: path, home })
    }
}
