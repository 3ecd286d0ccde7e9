//! The types of all fields, as the API's Go types have them: text files, one a group, read once.
//!
//! A line that is not indented begins a struct; below it stand its fields as `name:type`. As in Go, a
//! field is left out where it is empty; `!` marks those that never are, `?` those that are when zero
//! though structs. `string = A B` names types that are strings.

use std::collections::HashMap;
use std::sync::LazyLock;

const FILES: [&str; 9] = [
    include_str!("core.txt"),
    include_str!("meta.txt"),
    include_str!("apps.txt"),
    include_str!("networking.txt"),
    include_str!("discovery.txt"),
    include_str!("autoscaling_v1.txt"),
    include_str!("autoscaling_v2.txt"),
    include_str!("policy.txt"),
    include_str!("authorization.txt"),
];

#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    Text,
    Bool,
    Int32,
    Int64,
    IntOrText,
    Quantity,
    Time,
    Bytes,
    /// Whatever it is.
    Any,
    List(Box<Named>),
    Map(Box<Named>),
    Pointer(Box<Named>),
    Struct(&'static str),
}

/// A type, and what Go calls it.
#[derive(Clone, PartialEq, Debug)]
pub struct Named {
    pub of: Type,
    pub go: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// Left out where it is empty.
    Optional,
    Always,
    /// Left out where it is null.
    NonZero,
}

#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub is: Named,
    pub presence: Presence,
}

pub type Table = HashMap<&'static str, Vec<Field>>;

pub static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let all = || FILES.into_iter().flat_map(parts);
    let texts: HashMap<&str, &str> = all()
        .filter_map(|(version, part)| Some((version, part.strip_prefix("string = ")?)))
        .flat_map(|(version, names)| names.split_whitespace().map(move |name| (name, version)))
        .collect();
    let structs: HashMap<&str, &str> = all()
        .filter(|(_, part)| !part.contains(" = "))
        .filter_map(|(version, part)| Some((part.split_whitespace().next()?, version)))
        .collect();
    let field = |field: &'static str| {
        let (name, of) = field.split_once(':').expect("a name and a type");
        let (of, presence) = match of.strip_suffix(['!', '?']) {
            Some(rest) if of.ends_with('!') => (rest, Presence::Always),
            Some(rest) => (rest, Presence::NonZero),
            None => (of, Presence::Optional),
        };
        Field { name, is: named(of, &texts, &structs), presence }
    };
    all()
        .filter(|(_, part)| !part.contains(" = "))
        .map(|(_, part)| {
            let mut words = part.split_whitespace();
            (words.next().expect("a name"), words.map(field).collect())
        })
        .collect()
});

/// The parts of a file, each with the version that Go's types are named after.
fn parts(file: &'static str) -> Vec<(&'static str, &'static str)> {
    let (head, rest) = file.split_once('\n').unwrap_or((file, ""));
    let version = head.rsplit('/').next().unwrap_or_default();
    let mut starts: Vec<usize> = rest
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.as_ptr() as usize - rest.as_ptr() as usize)
        .collect();
    starts.push(rest.len());
    starts.windows(2).map(|pair| (version, &rest[pair[0]..pair[1]])).collect()
}

fn named(of: &'static str, texts: &HashMap<&str, &str>, structs: &HashMap<&str, &str>) -> Named {
    let inner = |of| Box::new(named(of, texts, structs));
    let plain = |is: Type, go: &str| Named { of: is, go: go.to_owned() };
    for (prefix, wrap) in
        [("*", Type::Pointer as fn(_) -> _), ("[]", Type::List), ("map[string]", Type::Map)]
    {
        if let Some(rest) = of.strip_prefix(prefix).filter(|_| of != "[]byte") {
            let inner = inner(rest);
            let go = format!("{prefix}{}", inner.go);
            return Named { of: wrap(inner), go };
        }
    }
    match of {
        "string" => plain(Type::Text, of),
        "bool" => plain(Type::Bool, of),
        "int32" => plain(Type::Int32, of),
        "int64" => plain(Type::Int64, of),
        "[]byte" => plain(Type::Bytes, "[]uint8"),
        "intstr" => plain(Type::IntOrText, "intstr.IntOrString"),
        "quantity" => plain(Type::Quantity, "resource.Quantity"),
        "time" => plain(Type::Time, "v1.Time"),
        "UID" => plain(Type::Text, "types.UID"),
        "any" => plain(Type::Any, of),
        _ => match (texts.get(of), structs.get(of)) {
            (Some(version), _) => plain(Type::Text, &format!("{version}.{of}")),
            (_, Some(version)) => Named { of: Type::Struct(of), go: format!("{version}.{of}") },
            _ => panic!("no such type: {of}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::resources::ALL;
    use super::*;

    #[test]
    fn every_kind_and_what_it_is_made_of_is_there() {
        for resource in ALL {
            assert!(TABLE.contains_key(resource.kind), "{}", resource.kind);
        }
        let fields = TABLE.values().flatten();
        for field in fields {
            let mut of = &field.is.of;
            while let Type::List(inner) | Type::Map(inner) | Type::Pointer(inner) = of {
                of = &inner.of;
            }
            if let Type::Struct(name) = of {
                assert!(TABLE.contains_key(name), "{name}");
            }
        }
        let replicas = TABLE["DeploymentSpec"].iter().find(|it| it.name == "replicas").unwrap();
        assert_eq!((&*replicas.is.go, replicas.presence), ("*int32", Presence::Optional));
    }
}
