/*
 * Puts an RDB in the place of a stopped server's data, in its own folder $2, under names made from the stamp $3:
 *
 *   stage <folder> <stamp> <rdb> <aof> <aof folder> rdb|aof   the RDB from standard input, ready beside the data
 *   swap <folder> <stamp>                                     the data into the folder that is kept, the RDB in its place
 *   recover - <stamp> <folders…>                              ends what a swap began, wherever it is in these folders
 *
 * Until the one rename of the new file everything can be undone; from then on it is done. A server with AOF on reads a
 * file of the name <aof> that is an RDB as its base, since Redis 4; Redis 7 then makes its own folder of it. What the
 * data was made of stands in `names`, what of it was there in `listed`: a server that somebody started in between makes
 * files of the same names, which go. Says `end <RestoreEnd>`, `sha256 <hex>`.
 */
export const redisSwap = `
set -eu
op=$1 stamp=$3
in_folder() {
  dir=$1 new=$1/.homeport-restore-$stamp staging=$1/.homeport-staging-$stamp
  kept=$1/.homeport-before-$stamp keeping=$1/.homeport-keeping-$stamp undone=$1/.homeport-undone-$stamp
}
swap() {
  rm -rf "$keeping"
  mkdir -m 700 "$keeping"
  while IFS= read -r name; do
    if [ -n "$name" ] && [ -e "$dir/$name" ]; then printf '%s\\n' "$name"; fi
  done <"$new/names" >"$keeping/listed"
  chown "$(stat -c %u:%g "$dir")" "$keeping"
  sync
  mv "$keeping" "$kept"
  while IFS= read -r name; do mv "$dir/$name" "$kept/$name"; done <"$kept/listed"
  sync
  # A name that came from nowhere since.
  while IFS= read -r name; do if [ -n "$name" ]; then rm -rf "$dir/$name"; fi; done <"$new/names"
  mv "$new/data" "$dir/$(cat "$new/target")"
  sync
  finish
}
finish() { rm -f "$kept/listed"; rm -rf "$new"; sync; echo 'end finished'; }
undo() {
  if [ -e "$kept/listed" ]; then
    while IFS= read -r name; do
      [ -n "$name" ] || continue
      if [ -e "$kept/$name" ]; then
        rm -rf "$dir/$name"
        mv "$kept/$name" "$dir/$name"
      elif ! grep -Fqx -- "$name" "$kept/listed"; then
        rm -rf "$dir/$name"
      fi
    done <"$new/names"
    sync
    mv "$kept" "$undone"
  fi
  rm -rf "$undone" "$keeping" "$staging"
  # At once without its name, for one without its data would tell of a swap that was done.
  if [ -e "$new" ]; then mv "$new" "$staging"; fi
  rm -rf "$staging"
  sync
  echo 'end undone'
}
case $op in
  stage)
    in_folder "$2"
    umask 077
    rm -rf "$staging"
    mkdir "$staging"
    cat >"$staging/data"
    printf '%s\\n' "$4" "$5" "$6" >"$staging/names"
    if [ "$7" = aof ]; then target=$5; else target=$4; fi
    printf '%s' "$target" >"$staging/target"
    chown "$(stat -c %u:%g "$dir")" "$staging/data"
    set -- $(sha256sum <"$staging/data")
    sync
    mv "$staging" "$new"
    sync
    echo "sha256 $1"
    ;;
  swap)
    in_folder "$2"
    swap
    ;;
  recover)
    shift 3
    for folder in "$@"; do
      in_folder "$folder"
      if [ -e "$new/data" ] || { [ ! -e "$new" ] && { [ -e "$staging" ] || [ -e "$undone" ] || [ -e "$keeping" ]; }; }; then
        undo
      elif [ -e "$new" ]; then
        finish
      elif [ -e "$kept" ]; then
        echo 'end finished'
      fi
    done
    ;;
esac
`;
