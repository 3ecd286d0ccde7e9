//! Equal seeds give equal runs, others give others.

use std::collections::BTreeSet;

use super::*;

async fn history(seed: u64) -> Vec<String> {
    let town = Town::with_parrot(seed, 3).await;
    town.set_image("parrot:2");
    town.rolled_out().await;
    town.at_rest().await;
    let changes = town.store().since(1).unwrap();
    changes.iter().map(|it| format!("{} {:?} {}", it.revision, it.change, it.object)).collect()
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_histories() {
    for seed in [1, 2] {
        assert_eq!(history(seed).await, history(seed).await);
    }
}

#[tokio::test(start_paused = true)]
async fn other_seeds_have_things_happen_in_another_order() {
    let mut orders = BTreeSet::new();
    for seed in 0..10 {
        let town = Town::with_parrot(seed, 3).await;
        let changes = town.store().since(1).unwrap();
        let order: Vec<String> =
            changes.iter().map(|it| format!("{} {:?}", it.plural, it.change)).collect();
        orders.insert(order);
    }
    assert!(orders.len() > 5, "only {} orders", orders.len());
}

/// A release's worth of work is cheap, so that tests can do thousands.
#[tokio::test(start_paused = true)]
async fn it_comes_to_rest() {
    let town = Town::with_parrot(1, 3).await;
    town.at_rest().await;
    let seen = town.store().revision();
    assert!(timeout(LONG, town.store().beyond(seen)).await.is_err(), "it never rests");
    // What is forgotten is looked up.
    town.store().compact();
    town.set_image("parrot:2");
    town.store().compact();
    town.rolled_out().await;
}
