//! The acceptance cases on a real control plane; `tests/it` has them on the sandbox.

use libtest_mimic::Trial;

use crate::acceptance::{Field, all, short};

pub fn trials() -> Vec<Trial> {
    let trial = |(name, case): crate::acceptance::Case| {
        crate::suite::trial(format!("accepted::{}", short(name)), move |bed| {
            Box::pin(async move {
                bed.has_answering_pods();
                let namespace = bed.namespace().await?;
                case(Field::with_parrot(bed.kube().clone(), &namespace).await?).await
            })
        })
    };
    all().into_iter().map(trial).collect()
}
