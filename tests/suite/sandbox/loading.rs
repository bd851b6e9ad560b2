//! What is loaded and what is refused, with the sentence a person reads.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use strongroom_domain::capability::Capability;
use strongroom_domain::role::Role;
use strongroom_sandbox::call::{CallResult, Context};
use strongroom_sandbox::capability::Capabilities;
use strongroom_sandbox::role::task::Action;
use strongroom_sandbox::{CompilerCommand, LoadError, Sandbox, SandboxError, Settings};
use strongroom_tests::guest;

use super::recorder::Recorder;
use super::{
    Seen, answers, call, context, misbehaving_bytes, refusal, runtime, sandbox, settings, wat,
    wat_file,
};

/// Loads with a compiler that cannot work: only the cache can answer.
fn from_cache_only(cache: &Path, bytes: Vec<u8>) -> Result<(), LoadError> {
    let compiler = CompilerCommand::new("/bin/false", [""; 0]);
    let settings = Settings {
        compiler,
        ..settings(cache)
    };
    runtime().block_on(async { Sandbox::new(settings).unwrap().load(bytes).await.map(drop) })
}

fn load(cache: &Path, bytes: Vec<u8>) {
    runtime().block_on(async {
        drop(
            Sandbox::new(settings(cache))
                .unwrap()
                .load(bytes)
                .await
                .unwrap(),
        )
    });
}

#[test]
fn a_plugin_says_who_it_is() {
    runtime().block_on(async {
        let plugin = sandbox().load(misbehaving_bytes()).await.unwrap();
        assert_eq!(plugin.description().name.as_str(), "misbehaving");
        assert_eq!(
            plugin.roles().iter().copied().collect::<Vec<_>>(),
            [Role::Task]
        );
        assert!(plugin.imports(Capability::Files) && plugin.imports(Capability::Log));
        assert_eq!(plugin.digest().len(), 64);
        assert_eq!(
            plugin.digest(),
            Sandbox::inspect(&misbehaving_bytes()).unwrap().digest
        );
        answers(&plugin).await;
    });
}

#[test]
fn a_plugin_written_by_hand_loads() {
    runtime().block_on(async {
        let plugin = sandbox().load(wat("behaving")).await.unwrap();
        assert_eq!(plugin.description().name.as_str(), "from-wat");
    });
}

#[test]
fn a_plugin_of_a_later_patch_of_the_contract_loads_and_answers() {
    runtime().block_on(async {
        let text = fs::read_to_string(wat_file("behaving")).unwrap();
        let later = text.replace("@0.1.0", "@0.1.7");
        assert_ne!(text, later);
        let plugin = sandbox()
            .load(wat::parse_str(later).unwrap())
            .await
            .unwrap();
        let ending = plugin
            .call(&Action::Run, &call("{}"), context(Arc::default()))
            .await;
        assert!(matches!(ending, CallResult::Answered(_)), "{ending:?}");
    });
}

/// Toolchains that build against a whole world import what the plugin never asks for.
#[test]
fn what_is_imported_and_not_granted_answers_so() {
    runtime().block_on(async {
        let bytes = fs::read(guest("modest")).unwrap();
        let plugin = sandbox().load(bytes).await.unwrap();
        for capability in Capability::ALL {
            assert!(plugin.imports(capability), "{capability}");
        }
        assert!(plugin.description().wants.is_empty());
        let recorder = Arc::<Recorder>::default();
        let capabilities = Capabilities {
            log: recorder.clone(),
            progress: recorder.clone(),
            ..Capabilities::default()
        };
        let nothing = Context {
            capabilities,
            ..context(Arc::default())
        };
        let ending = plugin.call(&Action::Run, &call("{}"), nothing).await;
        let seen = Seen { ending, recorder };
        let missing = "Error::NotGranted";
        assert_eq!(seen.fact("files"), "Error::NotFound");
        assert_eq!(
            (seen.fact("state-get"), seen.fact("state-set")),
            (missing, missing)
        );
        assert!(
            seen.fact("http").starts_with("Denied("),
            "{}",
            seen.fact("http")
        );
        assert_eq!(
            (seen.recorder.lines().len(), seen.recorder.reports()),
            (1, 1)
        );
    });
}

#[test]
fn a_core_module_is_not_a_plugin() {
    let expected = "the file is not a WebAssembly component: \
                    it is a core module; a component wraps it and says what it imports";
    assert_eq!(refusal(wat("core-module")).to_string(), expected);
}

#[test]
fn a_component_of_another_world_hears_which_roles_there_are() {
    let error = refusal(wat("other-world"));
    assert_eq!(error.to_string(), "the plugin exports no role");
    assert!(error.hint().contains("strongroom:plugin/task@0.1.0"));
}

#[test]
fn a_component_of_another_version_hears_both_versions() {
    assert!(
        refusal(wat("other-version"))
            .to_string()
            .ends_with("it wants files@0.2.0, this host offers 0.1.0")
    );
}

#[test]
fn sockets_are_not_granted() {
    assert!(
        refusal(wat("sockets"))
            .to_string()
            .contains("wasi:sockets is not granted to plugins")
    );
}

#[test]
fn many_memories_are_refused_before_anything_runs() {
    let error = refusal(wat("many-memories"));
    assert!(matches!(error, LoadError::Oversized { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("the plugin asks for more than any plugin gets: "),
        "{error}"
    );
}

#[test]
fn a_start_function_that_spins_is_refused_within_its_second() {
    let expected = "the plugin does not describe itself: it did not answer within 1s";
    assert_eq!(refusal(wat("start-spin")).to_string(), expected);
}

#[test]
fn a_start_function_that_grows_a_table_is_refused() {
    let error = refusal(wat("grow-table"));
    assert_eq!(
        error.to_string(),
        "the plugin does not describe itself: it asked for a larger table than one may have"
    );
}

#[test]
fn a_plugin_is_compiled_once() {
    let place = tempfile::tempdir().unwrap();
    let cache = place.path().join("cache");
    assert!(matches!(
        from_cache_only(&cache, wat("behaving")),
        Err(LoadError::Compile { .. })
    ));
    load(&cache, wat("behaving"));
    from_cache_only(&cache, wat("behaving")).unwrap();
}

#[test]
fn a_damaged_cache_is_compiled_again() {
    let place = tempfile::tempdir().unwrap();
    let cache = place.path().join("cache");
    load(&cache, wat("behaving"));
    let file = fs::read_dir(&cache)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert!(from_cache_only(&cache, wat("behaving")).is_err());
    load(&cache, wat("behaving"));
    from_cache_only(&cache, wat("behaving")).unwrap();
}

#[test]
fn a_cache_that_others_can_reach_is_refused() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let error = Sandbox::new(settings(place.path())).unwrap_err();
    assert!(matches!(error, SandboxError::CacheNotPrivate { .. }));
    assert!(error.hint().contains("0700"));
}

#[test]
fn loads_of_one_file_at_once_compile_it_once() {
    let place = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(settings(&place.path().join("cache"))).unwrap();
    runtime().block_on(async {
        let loads = (0..4).map(|_| {
            let sandbox = Arc::clone(&sandbox);
            tokio::spawn(async move { sandbox.load(misbehaving_bytes()).await.unwrap() })
        });
        for load in loads.collect::<Vec<_>>() {
            answers(&load.await.unwrap()).await;
        }
    });
    assert_eq!(fs::read_dir(place.path().join("cache")).unwrap().count(), 1);
}
