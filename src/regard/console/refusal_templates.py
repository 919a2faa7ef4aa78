"""The sentences with which operations refuse what a page asks of them, with the names of the values that each
holds. The first that fits counts, so that the general ones are last.
"""

from __future__ import annotations

from typing import Final

from regard.console.languages import msgid

TEMPLATES: Final = (
    # whoever calls
    msgid("Under the purpose %(purpose)s nobody is recognized as a celebrity."),
    msgid("Under the purpose %(purpose)s somebody answers for each request; call with a person's key."),
    msgid("Under the purpose %(purpose)s it takes the role %(needed)s to %(act)s; this key's is %(role)s."),
    msgid("%(person)s has no valid training to search; have one recorded (`regard people train`)."),
    msgid("%(person)s has no valid training to review; have one recorded (`regard people train`)."),
    msgid("This key is for the case %(case)s alone."),
    msgid("Under the purpose %(purpose)s a search names its case; send its id in x-regard-case."),
    msgid("There is no case %(case)s that %(person)s works on."),
    msgid("That search was not made on the case %(case)s."),
    msgid("The case %(case)s is closed; open another one."),
    msgid("The case %(case)s is for the purpose %(purpose)s, and this is for %(other)s."),
    msgid("The clock of this machine is behind the newest record of the audit log; set it right."),
    msgid("This takes a person: call with a key that is somebody's, or a session."),
    msgid("This takes a person: call with a key that is somebody's."),
    msgid(
        "This takes the person, not a key alone: open a session with a code of the second factor, and send "
        "its token in x-regard-session."
    ),
    msgid("The session's code is older than %(minutes)s minutes; open another session with a new code."),
    msgid("This server answers nothing without a signature."),
    msgid("An address may ask %(number)s times a minute without a signature. Try again later."),
    # people
    msgid("A person's name has 1 to 64 letters, digits and + = , . @ _ - in it; %(name)s does not."),
    msgid("%(name)s is what people's ids are like; choose a name that is no id."),
    msgid("There is no person %(person)s; `regard people list` shows them."),
    msgid("There is a person named %(name)s already; choose another name."),
    # cases
    msgid("There is no case %(case)s that you work on."),
    msgid("The case %(case)s is closed already."),
    msgid("The case %(case)s is closed; nothing of it is urgent."),
    msgid("A key for a case makes no other; ask for one with a key of your own."),
    msgid("%(person)s is %(roles)s; the members of a case are investigators."),
    msgid("A case is for the purpose law-enforcement or missing-person, not %(purpose)s."),
    msgid("Whoever opens a case attests %(facts)s; %(missing)s is missing."),
    msgid("A case of law enforcement names the Offence that it is about."),
    msgid("The rules here allow no search for that Offence; they list: %(offences)s."),
    # reviews
    msgid("Candidate %(number)s of %(review)s isn't %(status)s any more."),
    msgid("Candidate %(number)s of %(review)s is %(status)s, no lead."),
    msgid("Candidate %(number)s of %(review)s is %(status)s, no LEAD."),
    msgid("Candidate %(number)s of %(review)s is %(status)s, not DISPUTED."),
    msgid("A line-up counts beside another independent item; a lead alone is no ground for one."),
    msgid("There is no evidence %(evidence)s about candidate %(number)s."),
    msgid(
        "A lead is confirmed by at least one item of evidence that is independent of the search and no "
        "line-up."
    ),
    msgid("You have rated %(review)s before."),
    msgid("There is no review %(review)s that you may see."),
    msgid("The review %(review)s is %(status)s; it can't be withdrawn."),
    msgid("The review %(review)s is %(status)s, not DECIDED."),
    msgid("Nobody in %(review)s is a LEAD or INCONCLUSIVE; there is nothing to rate anew."),
    msgid("The review %(review)s was opened again by somebody else."),
    msgid("The sheet of %(review)s isn't yours any more, or was rated; take the next one."),
    msgid("You have no sheet of %(review)s; take the next one, which is yours for %(minutes)s minutes."),
    msgid("The sheet has pictures from 0 to %(number)s."),
    msgid("That face was erased meanwhile; rate it 0."),
    msgid("There is nothing for you to review now."),
    msgid("Rate each of the %(number)s candidates once."),
    # authorizations
    msgid(
        "No authorization of the case %(case)s covers %(place)s and this collection now; ask for one "
        "(`regard authorizations request`)."
    ),
    msgid("The search of %(place)s was started without an authorization; start it again."),
    msgid("The authorization %(authorization)s doesn't cover %(place)s and this collection."),
    msgid("There is no authorization %(authorization)s any more."),
    msgid("The authorization %(authorization)s is %(state)s: what was found under it is erased."),
    msgid("The authorization %(authorization)s is %(state)s; the search ends."),
    # forms
    msgid("Sign in first."),
    msgid("This form was sent from a page of another site; open it here."),
    msgid("The form can't be read; send it again."),
    msgid("The form is larger than this page takes."),
    msgid("The form took longer than %(seconds)s seconds to come; send it again."),
    msgid("There is a character in it that is none, such as U+0000; leave it out."),
    msgid("The request's Host is no name and port; open the page by its address."),
    # whoever calls
    msgid("User: %(user)s is not authorized to perform: %(action)s on resource: %(resource)s"),
    msgid("%(person)s is suspended."),
    msgid("%(person)s is suspended; ask an administrator."),
    msgid("The session is over; open another one."),
    msgid("A person's key acts for that person alone; leave PersonId out."),
    msgid("A search under a strict purpose is a person's, on a case."),
    msgid(
        "Who rates candidates doesn't read audit records, which tell how others rated them; somebody "
        "without the role reviewer does."
    ),
    # people
    msgid("There is no role %(role)s; the roles are %(roles)s."),
    msgid("A person needs a role; the roles are %(roles)s."),
    msgid("Nobody may be %(one)s and %(other)s; give one of them to somebody else."),
    msgid("Nobody can %(act)s themself; ask another administrator."),
    msgid("There were too many wrong codes; wait a quarter of an hour and try again."),
    msgid("The code is wrong; type the one that the telephone shows now."),
    msgid("The code is wrong, or was used before; wait for the next one."),
    msgid("There is no person %(person)s."),
    msgid("%(person)s has a second factor already; an administrator can reset it."),
    msgid("%(person)s has no second factor yet; set one up with `regard people factor`."),
    msgid(
        "%(person)s can sign in already. Where they can't any more, first reset their second factor, which "
        "ends every way by which they could."
    ),
    msgid(
        "This link was used, or its 24 hours are over. Ask an administrator for another one; the first "
        "administrator's is printed when the server starts."
    ),
    msgid("A training covers %(topics)s; %(missing)s is missing."),
    msgid("Completed lies in the future; record a training after its end."),
    msgid("A training is good for %(days)s days; that one is over, another is needed."),
    msgid(
        "%(person)s rated %(wrong)s of %(pairs)s pairs wrongly whose answer is known, more than %(percent)s"
        " %%; have a new training recorded (`regard people train`)."
    ),
    # keys and quotas
    msgid("A key's name has 1 to 64 letters, digits and + = , . @ _ - in it; %(name)s does not."),
    msgid("There is no key %(key)s; `regard keys list` shows them."),
    msgid("Only who manages people makes somebody's key; ask an administrator."),
    msgid("A key with a policy of its own can't make or change keys; ask an administrator."),
    msgid("%(person)s is not %(role)s, but %(roles)s; name one of these roles."),
    msgid("A key of the role %(role)s may do what the role %(held)s may not; ask an administrator."),
    msgid(
        "This key is for the purpose %(purpose)s, and can't make or change keys for %(other)s, which is "
        "less strict."
    ),
    msgid("PolicyDocument is not JSON."),
    msgid("There is a key named %(name)s already; choose another name."),
    msgid("Nobody can change their own quotas; ask somebody else who manages keys."),
    msgid("MoneyPerMonth needs a price list; name one in REGARD_PRICES and start again."),
    msgid("%(holder)s may make %(number)s requests a second; wait and try again."),
    msgid("%(holder)s has used its quota of %(limit)s up; ask whoever manages keys for more."),
    msgid(
        "%(holder)s has used its quota of %(limit)s up; erase faces, or ask whoever manages keys for more."
    ),
    # authorizations
    msgid("Only a warrant may be covert; post a notice beside each camera."),
    msgid("What starts at once states its facts; give Grounds."),
    msgid("An authorization holds for %(days)s days at most; it can be extended before they are over."),
    msgid("Until lies before the authorization begins; name a later time."),
    msgid("An authorization covers cameras or videos; name some of them."),
    msgid("The rules here allow no face search in recorded videos."),
    msgid("The rules here allow live search for individuals alone; name the Faces to be searched."),
    msgid("The rules here allow no first identification for the purpose %(purpose)s."),
    msgid("A first identification is of footage of the offence; name each of its Videos."),
    msgid("A first identification is of somebody unknown; name no Faces."),
    msgid("Whoever identifies for the first time attests %(facts)s; %(missing)s is missing."),
    msgid(
        "The rules here allow no search by %(basis)s for the purpose %(purpose)s; they allow: %(allowed)s."
    ),
    msgid("There is no authorization %(authorization)s that you may see."),
    msgid("The time that %(authorization)s was asked for is over; ask for another authorization."),
    msgid("Issued lies in the future; enter a document once it is there."),
    msgid("Whoever asked for %(authorization)s doesn't decide on it; ask another approver."),
    msgid("The authorization %(authorization)s is %(state)s; this takes one that is %(states)s."),
    msgid("The case %(case)s had its first identification, %(authorization)s; ask for an authorization."),
    msgid("The exigency %(authorization)s of this case is %(state)s; ask for an authorization."),
    msgid("A first identification is not extended; ask for an authorization."),
    msgid("Under a strict purpose videos are searched by an authorization."),
    msgid("Under a strict purpose live video is searched by an authorization."),
    # collections, faces, what they are for
    msgid("The tag %(tag)s must be one of %(purposes)s, not %(value)s."),
    msgid("The purpose %(old)s can't be lowered to %(new)s by this key; ask an administrator."),
    msgid("%(name)s must be at least %(floor)s for the purpose %(purpose)s; it was %(given)s."),
    msgid("The only tags of Regard's own are %(known)s, not %(key)s."),
    msgid("The tag %(tag)s must be required, or not be there, not %(value)s."),
    msgid("The tag %(tag)s must be a number of days, 1 to 99999, not %(value)s."),
    msgid("Tag keys can't start with aws: as %(key)s does."),
    msgid("A resource can't have more than %(number)s tags."),
    msgid("The collection id: %(collection)s does not exist"),
    msgid("The collection id: %(collection)s already exists"),
    msgid("The user id: %(user)s does not exist"),
    msgid("The user id: %(user)s already exists"),
    msgid("There are no such faces in %(collection)s."),
    msgid("The collection %(collection)s can't hold more than %(number)s faces."),
    msgid("The collection %(collection)s can't hold more than %(number)s users."),
    msgid("The user %(user)s has %(number)s faces, and can't have more."),
    msgid("faceId was not found in the collection."),
    msgid("Faces of %(collection)s take consent: ExternalImageId says whose it is."),
    msgid("The picture shows another person, who has not consented: cut it so that it shows one alone."),
    msgid("This key can't make the protection of a collection weaker; ask an administrator."),
    msgid(
        "%(collection)s has %(number)s faces of people whose consent is not recorded: record it, or erase "
        "them, before the collection asks for it."
    ),
    msgid(
        "%(count)s leads from the collection %(collection)s were wrong; an approver sees to it and resumes "
        "its searches."
    ),
    msgid("The searches of %(collection)s aren't suspended."),
    msgid(
        "This version of Regard makes no vectors by face model %(model)s any more, with which the "
        "collection was made; enrol its photos anew."
    ),
    msgid(
        "The vectors were made by face model %(model)s, which this version of Regard doesn't know; it knows"
        " %(models)s."
    ),
    msgid(
        "The rules here ask for consent to each face, and celebrities give none; enrol who has in a "
        "collection."
    ),
    # what has just changed, or can't be reached
    msgid("The celebrities' face model has just been changed. Try your call again."),
    msgid("The collection's face model has just been changed. Try your call again."),
    msgid("The collection's purpose has just been changed. Try your call again."),
    msgid("Whether the collection asks for consent has just changed. Try again."),
    msgid("The server is stopping. Try your call again."),
    msgid(
        "The index of the collection is being loaded, %(done)s of %(total)s are done. Try your call again."
    ),
    msgid("The index of the collection is being changed. Try your call again."),
    msgid("The index of the collection is being made anew. Try your call again."),
    msgid("The collection's index is being closed. Try your call again."),
    msgid("The face index can't be reached. Try your call again."),
    msgid("The ClientRequestToken: %(token)s you have supplied is already in use."),
    msgid("Another request with this ClientRequestToken has just been answered. Try your call again."),
    msgid("The database is busy. Try your call again."),
    msgid("The database can't be reached. Try your call again."),
    msgid("The disk of the database is full. Make room on it and try your call again."),
    msgid("The database can't be written. See to its disk and try your call again."),
    msgid("The bucket can't be reached. Try your call again."),
    msgid("The bucket %(bucket)s can't be reached. Try your call again."),
    msgid("The disk of the bucket %(bucket)s is full or failing. Make room on it and try again."),
    msgid("The months are being counted; try again in a minute."),
    # pictures, films, jobs and cameras
    msgid("Image size is too large. It has %(size)s."),
    msgid("Image size is too large. In a bucket it may have %(number)s bytes."),
    msgid("Video size in bytes: %(size)s is more than the maximum limit of: %(number)s bytes."),
    msgid("Request has invalid image format: %(what)s"),
    msgid("Could not find JobId: %(job)s"),
    msgid("The resource %(name)s does not exist."),
    msgid("%(number)s open Jobs for User %(account)s. Maximum limit: %(limit)s"),
    msgid("This address of the film is over; open the film again on the page of its job."),
    msgid("This job is on no film."),
    msgid("The job %(job)s is on no film."),
    msgid(
        "The film was replaced since it was analysed, so that what was found isn't of it; analyse it anew."
    ),
    msgid(
        "Browsers don't play this film (its video is %(codec)s). Fetch it from its bucket, or put an MP4 of"
        " it there (ffmpeg -i FILM -c:v libx264 -c:a aac FILM.mp4) and analyse that."
    ),
    msgid("A film is played in a browser where somebody is signed in: open the job in the console."),
    msgid("A film is played once its analysis has succeeded."),
    msgid("This film is footage of a case; its members see it, and nobody else."),
    msgid(
        "The film can't be read any more: it is no longer in its bucket, or larger than REGARD_VIDEO_BYTES."
    ),
    msgid("The session is over."),
    msgid(
        "The collection has got face model %(model)s since the job began with %(before)s, whose vectors "
        "don't compare; start it again."
    ),
    msgid("The stream processor %(camera)s does not exist"),
    msgid("A stream processor with the name %(camera)s already exists."),
    msgid("Stream Processor not available for deleting"),
    msgid("There are %(number)s stream processors, and no more than %(limit)s may be (REGARD_STREAM_LIMIT)."),
    msgid("There is no event %(event)s of %(camera)s."),
    msgid("There is no %(picture)s of the event %(event)s."),
    msgid("Under a strict purpose whoever judges the person sees the picture, on the sheet of its review."),
    msgid("No worker of this machine runs %(camera)s now."),
    msgid("No worker runs %(camera)s now."),
    msgid("%(camera)s is %(state)s. Try your call again."),
    msgid("The output's file is below no folder of REGARD_STREAM_FOLDERS."),
    msgid("PostedAt lies in the future; record a notice once it hangs."),
    msgid(
        "No notice beside the camera %(camera)s tells people of %(what)s; post one and record it "
        "(PutCameraNotice)."
    ),
    # cases and reviews
    msgid("Duty ends within %(hours)s hours from now; say until when, and begin anew then."),
    msgid("%(review)s is no review of %(case)s."),
    msgid("%(review)s has no candidate %(number)s."),
    msgid("%(review)s has no lead %(number)s that you may see."),
    msgid("The picture %(number)s of %(review)s was erased."),
    msgid("Who searched, works on the case or rated in %(review)s can't %(act)s; somebody else does."),
    msgid("Who confirmed or disputed a lead can't resolve the dispute; another approver does."),
    msgid("A wrong lead alone has a Consequence: NONE, STOP or ARREST."),
    msgid("A wrong lead alone has Told and Groups."),
    msgid("Groups has an attribute twice; name each once."),
    msgid("There is no face in one of the pictures."),
    msgid("A sheet shows at least one face beside the probe."),
    msgid("There is a human loop named %(name)s already, for another image or flow."),
    # privacy
    msgid("There is no consent %(consent)s."),
    msgid(
        "There is no valid consent of %(person)s for this collection; record one (PutConsent, `regard "
        "consents put`) before the face is enrolled."
    ),
    msgid("%(person)s has withdrawn since that consent was given; it takes one given anew."),
    msgid("GivenAt lies in the future; record a consent once it is given."),
    msgid("The consent of %(person)s is over already."),
    msgid("Too many pictures wait for an answer: send it without one."),
    msgid("There is no picture with %(feedback)s."),
    msgid("An address may send %(number)s a day. Try again tomorrow."),
    msgid("There is no feedback %(feedback)s."),
    msgid("There is nothing by that code."),
    msgid("%(feedback)s is %(state)s, and not %(next)s next."),
    msgid("%(feedback)s is answered, or its time was extended already."),
    msgid("The Picture is no JPEG or PNG."),
    msgid("%(feedback)s is answered, and its picture is gone."),
    msgid("%(outcome)s takes a Reason, which the person is told."),
    msgid("Say in ComplainTo whom the person may complain to."),
    msgid("Say in Answer what was done."),
    msgid("The picture that was sent can't be read."),
    msgid("One of the ReceiptIds is none."),
    msgid("There is no such receipt."),
    msgid("Say whose faces: exactly one of %(names)s."),
    msgid("It takes the role privacy or operator to erase faces."),
    msgid("The case %(case)s is purged: there is nothing left to keep."),
    msgid("It takes the role %(roles)s to hold a case."),
    msgid("%(person)s asked for that as %(role)s; another person confirms it as %(other)s."),
    msgid("Until lies in the past; name when the hold is to end."),
    msgid("The case %(case)s is not on hold."),
    msgid("The case %(case)s is on hold already."),
    # audit log, usage and reports
    msgid("The audit log has no record of a request %(request)s."),
    msgid("The audit log has no record %(number)s."),
    msgid("There is no report %(report)s; there are %(reports)s."),
    msgid("That month isn't over; name one that is."),
    msgid("The log has nothing of that month; it began later."),
    msgid("Request has invalid parameters: From and To must lie from %(first)s to %(last)s"),
    msgid("Request has invalid parameters: To must be after From"),
    msgid("Request has invalid parameters: From and To may be %(months)s months apart"),
    # what a request or a form holds: the general last
    msgid("Request has invalid parameters: the %(member)s can't be used: %(what)s"),
    msgid("Request has invalid parameters: an Image has either Bytes or S3Object"),
    msgid("Request has invalid parameters: the image is too small: %(what)s"),
    msgid("Request has invalid parameters: S3Object needs Bucket and Name"),
    msgid("Request has invalid parameters: SearchUsers takes either FaceId or UserId"),
    msgid("Request has invalid parameters: only a stream processor of ConnectedHome can be updated"),
    msgid("Request has invalid parameters: %(what)s"),
    msgid("%(number)s validation error detected: %(what)s"),
    msgid("%(number)s validation errors detected: %(what)s"),
    # what errors say that say no more
    msgid("The service is temporarily unable to process the request. Try your call again."),
    msgid("Amazon Rekognition experienced a service issue. Try your call again."),
    msgid("Invalid Pagination Token"),
    msgid("Unable to get object metadata from S3. Check object key, region and/or access permissions."),
    msgid("The object was replaced or removed while it was read, or may not be read any more."),
    msgid("There are no faces in the image. Should be at least 1."),
    msgid("Stream Processor not available for starting"),
    msgid("Stream Processor not available for stopping"),
    msgid("Stream Processor not available for updating"),
)
