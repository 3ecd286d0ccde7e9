//! Who asks: a client with a credential in it. Where a plugin gives them, each credential has a
//! client of its own, so that tokens and certificates are renewed in the same way.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use kube::{Client, Config};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::call::chain;
use super::plugin::{Credential, Plugin, Trouble};

pub(super) struct Account {
    /// Whom to ask for a credential, and what to put it into.
    plugin: Option<(Plugin, Config)>,
    /// Its number, and none after one that was refused.
    held: Mutex<(u64, Option<Held>)>,
}

struct Held {
    client: Client,
    expires: Option<Timestamp>,
}

/// What one request goes out with.
#[derive(Clone)]
pub(super) struct Pass {
    pub client: Client,
    number: u64,
}

impl Account {
    /// Fails where the kubeconfig can't be used, whatever a plugin may give later.
    pub fn new(mut config: Config) -> Result<Account, kube::Error> {
        let plugin = Plugin::take(&mut config.auth_info);
        let client = Client::try_from(config.clone())?;
        Ok(match plugin {
            Some(plugin) => Account { plugin: Some((plugin, config)), held: Mutex::new((0, None)) },
            None => Account::of(client),
        })
    }

    /// One for all requests.
    pub fn of(client: Client) -> Account {
        Account { plugin: None, held: Mutex::new((0, Some(Held { client, expires: None }))) }
    }

    /// The present credential; a new one where there is none, or where it has expired.
    pub async fn pass(&self) -> Result<Pass, Trouble> {
        // Whoever else needs one waits: one new credential is enough for all.
        let (number, held) = &mut *self.held.lock().await;
        let now = Timestamp::now();
        let valid = held.take_if(|held| held.expires.is_none_or(|expires| now < expires));
        let valid = match (valid, &self.plugin) {
            (None, Some((plugin, config))) => {
                *number += 1;
                holding(config, plugin.ask().await?)?
            }
            (valid, _) => valid.expect("without a plugin nothing expires"),
        };
        let client = held.insert(valid).client.clone();
        Ok(Pass { client, number: *number })
    }

    /// After a refusal (401): a new credential, for one more try. None where there is no way to one.
    pub async fn after_refusal(&self, refused: &Pass) -> Option<Result<Pass, Trouble>> {
        self.plugin.as_ref()?;
        let mut held = self.held.lock().await;
        if held.0 == refused.number {
            held.1 = None;
        }
        drop(held);
        Some(self.pass().await)
    }
}

fn holding(config: &Config, credential: Credential) -> Result<Held, Trouble> {
    let mut config = config.clone();
    let expires = credential.expiration_timestamp;
    prove(&mut config, credential);
    let client =
        Client::try_from(config).map_err(|error| Trouble { what: chain(&error), hint: None })?;
    Ok(Held { client, expires })
}

fn prove(config: &mut Config, credential: Credential) {
    let user = &mut config.auth_info;
    user.token = credential.token;
    if let (Some(certificate), Some(key)) =
        (credential.client_certificate_data, credential.client_key_data)
    {
        // As a kubeconfig holds them.
        user.client_certificate_data = Some(BASE64_STANDARD.encode(certificate));
        user.client_key_data = Some(BASE64_STANDARD.encode(key.expose_secret()).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Of a user whose plugin prints this.
    fn account(status: &serde_json::Value) -> Account {
        let mut config = Config::new("https://127.0.0.1:9".parse().unwrap());
        let said = json!({ "kind": "ExecCredential", "status": status }).to_string();
        let exec = json!({
            "interactiveMode": "Never",
            "command": "sh",
            "args": ["-c", "printf %s \"$SAID\""],
            "env": [{ "name": "SAID", "value": said }],
        });
        config.auth_info = serde_json::from_value(json!({ "exec": exec })).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        Account::new(config).unwrap()
    }

    #[tokio::test]
    async fn a_certificate_proves_who_we_are_as_well() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let status = json!({
            "clientCertificateData": certificate.pem(),
            "clientKeyData": key.serialize_pem(),
        });
        account(&status).pass().await.unwrap();
        let status = json!({ "clientCertificateData": "secret", "clientKeyData": "secret" });
        let trouble = account(&status).pass().await.err().expect("rubbish is taken");
        assert!(!trouble.what.contains("secret"), "{trouble}");
    }
}
