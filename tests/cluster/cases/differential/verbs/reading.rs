//! GET, of one and of many.

use super::super::ask::get;
use super::Row;

pub const ROWS: &[(&str, Row)] = &[
    ("read, unknown", |it| vec![get(&it.one())]),
    ("read in another format", |it| {
        vec![
            it.made(),
            get(&it.one()).accepting("text/plain"),
            get(&it.one()).accepting("application/*"),
        ]
    }),
    ("listed", |it| {
        let selectors = [
            "",
            "app=parrot",
            "app%3Dparrot",
            "app!=parrot",
            "app",
            "!app",
            "app in (parrot,toucan)",
            "app notin (parrot)",
            "app==parrot,!beak",
            "a b",
            "app in",
            "app in (",
            "(",
            "=",
            "app>1",
            "app=",
            "app=a b",
            "app=parrot,",
            "a/b/c",
            "app=-",
        ];
        let lists = selectors.iter().map(|selector| it.list("labelSelector", selector));
        [it.made()].into_iter().chain(lists).collect()
    }),
    ("listed by fields", |it| {
        let name = format!("metadata.name={}", it.name);
        let selectors = [
            &*name,
            "metadata.name=nobody",
            "metadata.name!=nobody",
            "metadata.namespace=default",
            "metadata.uid=1",
            "spec.beak=red",
            "rubbish",
            "=",
            "metadata.name",
            "status.phase=Running",
            "spec.nodeName=",
            "involvedObject.name=parrot",
            "reason=Parroted",
            "type=Normal",
            "status.successful=1",
            "metadata.name=a,metadata.name=b",
        ];
        let lists = selectors.iter().map(|selector| it.list("fieldSelector", selector));
        [it.made()].into_iter().chain(lists).collect()
    }),
    ("listed as of a version", |it| {
        // The real one answers 0 from what it has heard of by then, so it is asked after one that waits.
        let asked = [
            "resourceVersion=<version>",
            "resourceVersion=0",
            "resourceVersion=a",
            "resourceVersion=<version>&resourceVersionMatch=Exact",
            "resourceVersion=<version>&resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch=Exact",
            "resourceVersion=0&resourceVersionMatch=Exact",
            "resourceVersion=<version>&resourceVersionMatch=Some",
        ];
        // The placeholder is about an object: the list is of that one.
        let field = format!("fieldSelector=metadata.name%3D{}", it.name);
        let list = |asked: &&str| get(&format!("{}?{field}&{asked}", it.all()));
        [it.made()].into_iter().chain(asked.iter().map(list)).collect()
    }),
];
