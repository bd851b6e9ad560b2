//! What is true of a plugin before anybody grants it anything.

use strongroom_domain::TenantName;

use crate::Case;
use crate::context::TestContext;
use crate::context::call::{Told, ensure, failed, skipped};
use crate::messages;
use strongroom_orchestrator::probe;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "describes-itself-alike",
        says: "`describe` and `operations` are deterministic: asked with no grants, they answer the same every time",
        needs: &[],
        run: |context| Box::pin(describes_itself_alike(context)),
    },
    Case {
        name: "schema-is-a-schema",
        says: "`config-schema` is a JSON Schema (2020-12) of an object",
        needs: &[],
        run: |context| Box::pin(schema_is_a_schema(context)),
    },
    Case {
        name: "says-why",
        says: "Each want and each operation has a reason, one sentence for the person who grants it",
        needs: &[],
        run: |context| Box::pin(says_why(context)),
    },
    Case {
        name: "features-are-known",
        says: "Features have the keys of the contract, each `true` or `false`; `place` names keys of the configuration",
        needs: &[],
        run: |context| Box::pin(features_are_known(context)),
    },
    Case {
        name: "stands-without-grants",
        says: "Called with nothing granted, in a dry run, the plugin answers, if only with a failure",
        needs: &[],
        run: |context| Box::pin(stands_without_grants(context)),
    },
];

/// The features of the role (`wit/snapshots.wit`).
const FEATURES: [&str; 9] = [
    "idempotent-create",
    "restore",
    "restore-paths",
    "restore-in-place",
    "verify",
    "copy",
    "native-expiry",
    "survives-source",
    "keeps-dependants",
];
/// How often it is asked.
const TIMES: usize = 3;

async fn describes_itself_alike(context: &TestContext) -> Told<()> {
    let first = context.subject.plugin.description();
    for _ in 0..TIMES {
        let again = match context.subject.loaded_anew().await {
            Ok(again) => again,
            Err(error) => return failed(format!("loaded once more, it was refused: {error}")),
        };
        ensure(again.description() == first, || {
            "loaded once more, it describes itself otherwise".to_owned()
        })?;
    }
    Ok(())
}

async fn schema_is_a_schema(context: &TestContext) -> Told<()> {
    let schema = &context.subject.plugin.description().config_schema;
    if let Err(error) = jsonschema::validator_for(schema) {
        return failed(format!("it is none: {error}"));
    }
    let object = schema.get("type").is_none_or(|kind| kind == "object");
    ensure(object, || {
        "the configuration of a schedule is an object, and the schema describes something else"
            .to_owned()
    })
}

async fn says_why(context: &TestContext) -> Told<()> {
    let description = context.subject.plugin.description();
    let wants = description
        .wants
        .iter()
        .filter(|want| want.reason.trim().is_empty());
    let endpoints = description.endpoints.iter();
    let endpoints = endpoints.filter(|endpoint| endpoint.reason.trim().is_empty());
    let silent: Vec<&str> = wants
        .map(|want| want.name.as_str())
        .chain(endpoints.map(|endpoint| endpoint.name.as_str()))
        .collect();
    ensure(silent.is_empty(), || {
        format!("no reason is given for {}", messages::names(&silent))
    })
}

async fn features_are_known(context: &TestContext) -> Told<()> {
    let description = context.subject.plugin.description();
    let properties = description.config_schema.get("properties");
    for (key, value) in &description.features {
        if key == "place" {
            let unknown = value
                .split(',')
                .map(str::trim)
                .find(|name| properties.and_then(|all| all.get(name)).is_none());
            if let Some(name) = unknown {
                return failed(format!(
                    "`place` names `{}`, which is no key of the configuration",
                    messages::short(name)
                ));
            }
            continue;
        }
        ensure(FEATURES.contains(&key.as_str()), || {
            format!(
                "`{}` is no feature; there are {}, `place`",
                messages::short(key),
                messages::names(FEATURES)
            )
        })?;
        ensure(value == "true" || value == "false", || {
            format!("`{key}` is `{}`", messages::short(value))
        })?;
    }
    Ok(())
}

async fn stands_without_grants(context: &TestContext) -> Told<()> {
    let against = context.against.as_ref();
    let Some(bare) = context.subject.bare(against) else {
        return skipped("its configuration has keys that are required: give `--against CONFIG`");
    };
    let tenant = bare.schedule.tenants.first().cloned();
    let Some(tenant) = tenant.or_else(|| TenantName::new("conformance").ok()) else {
        return skipped("there is no tenant");
    };
    match probe(context.plain_access(), &bare, &tenant).await {
        Ok(()) => Ok(()),
        Err(what) => failed(what),
    }
}
