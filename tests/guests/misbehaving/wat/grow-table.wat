;; Its start function grows a table until it is refused, and then traps.
(component
  (core module $table
    (table $entries 1 funcref)
    (func $grow
      (loop $more
        (br_if $more
          (i32.ne (table.grow $entries (ref.null func) (i32.const 65536)) (i32.const -1))))
      unreachable)
    (start $grow))
  (core instance (instantiate $table))

  ;; From here on: a plugin that describes itself and whose task is done at once.
  (core module $plugin
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 8192)
    (func (export "describe") (result i32) i32.const 0)
    (func (export "run") (param i32 i32 i32 i32 i32 i64 i64 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "poll") (param i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32 i32) (result i32) i32.const 1024)
    ;; The description: pointer and length of name, version, summary, schema; no wants, no features.
    (data (i32.const 0) "\40\00\00\00\08\00\00\00" "\50\00\00\00\05\00\00\00" "\60\00\00\00\0a\00\00\00" "\70\00\00\00\02\00\00\00")
    (data (i32.const 64) "from-wat")
    (data (i32.const 80) "0.1.0")
    (data (i32.const 96) "Misbehaves")
    (data (i32.const 112) "{}"))
  (core instance $code (instantiate $plugin))
  (alias core export $code "memory" (core memory $memory))

  (type $pair (tuple string string))
  (type $bytes (list u8))
  (type $want (record (field "capability" string) (field "name" string) (field "access" string) (field "required" bool) (field "reason" string)))
  (type $description (record (field "name" string) (field "version" string) (field "summary" string) (field "config-schema" string)
    (field "wants" (list $want)) (field "features" (list $pair))))
  (type $call (record (field "run-id" string) (field "attempt" u32) (field "tenant" string) (field "due" s64) (field "deadline" s64)
    (field "dry-run" bool) (field "config" string)))
  (type $throttled (tuple string u64))
  (type $failure (variant (case "invalid" string) (case "denied" string) (case "not-found" string) (case "conflict" string) (case "quota" string)
    (case "throttled" $throttled) (case "unavailable" string) (case "corrupt" string) (case "other" string)))
  (type $operation (record (field "handle" $bytes) (field "poll-after" u64) (field "percent" (option u8)) (field "note" string)))
  (type $step (variant (case "done" (list $pair)) (case "running" $operation)))

  (func $describe (result $description)
    (canon lift (core func $code "describe") (memory $memory)))
  (func $run (param "call" $call) (result (result $step (error $failure)))
    (canon lift (core func $code "run") (memory $memory) (realloc (core func $code "realloc"))))
  (func $poll (param "call" $call) (param "operation" $bytes) (result (result $step (error $failure)))
    (canon lift (core func $code "poll") (memory $memory) (realloc (core func $code "realloc"))))

  ;; An exported function may only mention named types, so each interface passes through a component that names them.
  (component $name-plugin
    (type $want-shape (record (field "capability" string) (field "name" string) (field "access" string) (field "required" bool) (field "reason" string)))
    (import "want" (type $want (eq $want-shape)))
    (type $description-shape (record (field "name" string) (field "version" string) (field "summary" string) (field "config-schema" string)
      (field "wants" (list $want)) (field "features" (list (tuple string string)))))
    (import "description" (type $description (eq $description-shape)))
    (import "describe" (func $describe (result $description)))
    (export $want-named "want" (type $want-shape))
    (type $description-shape-named (record (field "name" string) (field "version" string) (field "summary" string) (field "config-schema" string)
      (field "wants" (list $want-named)) (field "features" (list (tuple string string)))))
    (export $description-named "description" (type $description-shape-named))
    (export "describe" (func $describe) (func (result $description-named))))
  (instance $named-plugin (instantiate $name-plugin
    (with "want" (type $want)) (with "description" (type $description)) (with "describe" (func $describe))))
  (export "strongroom:plugin/plugin@0.1.0" (instance $named-plugin))

  (component $name-task
    (type $call-shape (record (field "run-id" string) (field "attempt" u32) (field "tenant" string) (field "due" s64) (field "deadline" s64)
      (field "dry-run" bool) (field "config" string)))
    (import "call" (type $call (eq $call-shape)))
    (type $failure-shape (variant (case "invalid" string) (case "denied" string) (case "not-found" string) (case "conflict" string) (case "quota" string)
      (case "throttled" (tuple string u64)) (case "unavailable" string) (case "corrupt" string) (case "other" string)))
    (import "failure" (type $failure (eq $failure-shape)))
    (type $operation-shape (record (field "handle" (list u8)) (field "poll-after" u64) (field "percent" (option u8)) (field "note" string)))
    (import "operation" (type $operation (eq $operation-shape)))
    (type $step-shape (variant (case "done" (list (tuple string string))) (case "running" $operation)))
    (import "step" (type $step (eq $step-shape)))
    (import "run" (func $run (param "call" $call) (result (result $step (error $failure)))))
    (import "poll" (func $poll (param "call" $call) (param "operation" (list u8)) (result (result $step (error $failure)))))
    (export $call-named "call" (type $call-shape))
    (export $failure-named "failure" (type $failure-shape))
    (export $operation-named "operation" (type $operation-shape))
    (type $step-shape-named (variant (case "done" (list (tuple string string))) (case "running" $operation-named)))
    (export $step-named "step" (type $step-shape-named))
    (export "run" (func $run) (func (param "call" $call-named) (result (result $step-named (error $failure-named)))))
    (export "poll" (func $poll) (func (param "call" $call-named) (param "operation" (list u8)) (result (result $step-named (error $failure-named))))))
  (instance $named-task (instantiate $name-task
    (with "call" (type $call)) (with "failure" (type $failure)) (with "operation" (type $operation)) (with "step" (type $step))
    (with "run" (func $run)) (with "poll" (func $poll))))
  (export "strongroom:plugin/task@0.1.0" (instance $named-task)))
